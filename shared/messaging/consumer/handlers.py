"""The table of a service: which event changes its state, and by which decision.

    HANDLERS = handlers(
        on(ContactReceived, received),  # a new need: into its queue
        on(MessageReceived, wrote_again),
    )

The table is the whole truth: a type that is not in it is not consumed. `on` ties each decision to the
type of its event, so the type checker refuses a row whose decision expects another.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from shared.contracts.cloudevents import Incoming, Outgoing, caused_by
from shared.contracts.decision import Decision
from shared.contracts.event import Event
from shared.database.database import Tx

E = TypeVar("E", bound=Event)
K = TypeVar("K")
S = TypeVar("S")
C = TypeVar("C")

Decide: TypeAlias = Callable[[S, Incoming[Any], C], Decision[S] | None]
"""(state, event, scene) → the decision, or None where the event changes nothing."""

Handlers: TypeAlias = Mapping[type[Event], Decide[S, C]]
Process: TypeAlias = Callable[[Tx, Sequence[Incoming[Any]]], Awaitable[Sequence[Outgoing]]]
"""Loads the set that these events are about, decides in order, saves it; what is to be published."""


class Handler(NamedTuple, Generic[S, C]):
    """One row: an event type, and what is decided when such an event comes."""

    event: type[Event]
    decide: Decide[S, C]


def on(event: type[E], decide: Callable[[S, Incoming[E], C], Decision[S] | None]) -> Handler[S, C]:
    """A row of the table; the decision takes events of exactly this type."""
    return Handler(event, decide)


def handlers(*rows: Handler[S, C]) -> Handlers[S, C]:
    """The table. Raises `ValueError` for a type with two rows."""
    table = {row.event: row.decide for row in rows}
    if len(table) < len(rows):
        raise ValueError("an event type has two handlers")
    return table


def decide_in_order(
    table: Handlers[S, C],
    states: Mapping[K, S],
    events: Iterable[tuple[K, Incoming[Event]]],
    scene: C,
) -> tuple[dict[K, S], list[Outgoing]]:
    """The states that changed, and what is to be published: each event decides on what the last left.

    `events` are those of the table, each with the key of the state it is about, which is in `states`.
    """
    changed: dict[K, S] = {}
    outgoing: list[Outgoing] = []
    for key, event in events:
        state = changed[key] if key in changed else states[key]
        decision = table[type(event.data)](state, event, scene)
        if decision is not None:
            changed[key] = decision.state
            outgoing += caused_by(event, *decision.events)
    return changed, outgoing


def decide_unloaded(
    table: Handlers[S | None, None],
    key: str,
    save: Callable[[Tx, Iterable[S]], Awaitable[None]],
) -> Process:
    """For an aggregate whose events carry all that is to be saved: nothing is loaded before deciding.

    `key` is the field of the events that names it. What is known already is for `save` to respect.
    """

    async def process(tx: Tx, events: Sequence[Incoming[Any]]) -> list[Outgoing]:
        keyed = [(getattr(event.data, key), event) for event in events]
        unknown: dict[Any, S | None] = dict.fromkeys(key for key, _ in keyed)
        changed, outgoing = decide_in_order(table, unknown, keyed, None)
        await save(tx, [state for state in changed.values() if state is not None])
        return outgoing

    return process


def process_each(*aggregates: tuple[Handlers[Any, Any], Process]) -> Process:
    """Several aggregates changed by one batch: each gets, in this order, the events of its table."""

    async def process(tx: Tx, events: Sequence[Incoming[Any]]) -> list[Outgoing]:
        outgoing: list[Outgoing] = []
        for table, process_events in aggregates:
            if own := [event for event in events if type(event.data) in table]:
                outgoing += await process_events(tx, own)
        return outgoing

    return process


def types_in(*tables: Handlers[Any, Any]) -> frozenset[type[Event]]:
    """Every event type that one of the tables has a row for: what a subscription wants."""
    return frozenset().union(*tables)
