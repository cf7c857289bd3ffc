"""Random lives of contacts, and random ways in which their events may arrive."""

from collections.abc import Callable
from typing import TypeAlias
from uuid import UUID

from hypothesis import strategies as st

from services.analytics.domain.facts import NOTHING, Fact
from services.analytics.domain.rollups import Sums, add_change
from services.analytics.entrypoints.consumer import HANDLERS
from shared.contracts.cloudevents import Incoming
from shared.contracts.event import Event
from shared.contracts.followup import SkippedReason
from shared.contracts.intake import PromiseOutcome
from shared.contracts.routing import AssignmentOutcome, QueuedReason
from shared.contracts.values import Channel, MessageKind
from tests.support.life import Life

Batches: TypeAlias = list[list[Incoming[Event]]]
Draw: TypeAlias = Callable[[st.SearchStrategy[int]], int]
_QUEUES = ("billing", "orders", "general")


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """A contact that goes any possible way, broken off anywhere."""
    life = Life(seed=draw(st.integers(0, 2**32)))
    life.later(draw(st.integers(-7200, 7200)))
    promise_id = life.received(
        draw(st.sampled_from(Channel)), automatic=draw(st.integers(0, 9)) == 0
    )
    for turn in range(draw(st.integers(0, 3))):
        _turn(
            life, draw, QueuedReason.RECEIVED if turn == 0 else draw(st.sampled_from(QueuedReason))
        )
    if draw(st.booleans()):
        life.promise(promise_id, draw(st.sampled_from(PromiseOutcome)))
    return life


def _turn(life: Life, draw: st.DrawFn, reason: QueuedReason) -> None:
    life.later(draw(st.floats(0, 5))).queued(draw(st.sampled_from(_QUEUES)), reason)
    if draw(st.booleans()):
        return
    assignment_id = life.later(draw(st.floats(0, 200))).assigned()
    for _ in range(draw(st.integers(0, 2))):
        _deed(life, draw)
    outcome = draw(st.sampled_from(AssignmentOutcome))
    life.later(draw(st.floats(0, 900))).ended(assignment_id, outcome)
    if outcome is AssignmentOutcome.RESOLVED:
        _follow_up(life, draw)


def _deed(life: Life, draw: st.DrawFn) -> None:
    match draw(st.integers(0, 3)):
        case 0:
            life.action(draw(st.integers(1, 5_000)), currency=draw(st.sampled_from(("EUR", "MNT"))))
        case 1:
            life.refused()
        case 2:
            life.later(1).sent(life.reply(draw(st.sampled_from(MessageKind))))
        case _:
            life.later(1).failed(life.reply())


def _follow_up(life: Life, draw: st.DrawFn) -> None:
    resolution_id = life.claimed()
    if draw(st.booleans()):
        _thanks(life)
    match draw(st.integers(0, 5)):
        case 5:
            life.later(60).refuted(resolution_id)
        case 0:
            life.check_in_skipped(resolution_id, draw(st.sampled_from(SkippedReason)))
        case 1:
            life.check_in_scheduled(resolution_id)
            life.later(60).check_in_sent(resolution_id)
            life.later(60).unrefuted(resolution_id)
        case 2:
            life.check_in_sent(resolution_id)
            csat = draw(st.none() | st.integers(1, 5))
            life.later(60).answered(resolution_id, solved=draw(st.booleans()), csat=csat)
        case 3:
            life.check_in_scheduled(resolution_id)
        case _:
            pass


def _thanks(life: Life) -> None:
    """The customer wrote again, and the agent who read it found nothing new."""
    life.later(60).queued(reason=QueuedReason.WROTE_AGAIN)
    life.ended(life.later(60).assigned(), AssignmentOutcome.NOTHING_NEW)


@st.composite
def arrivals(draw: st.DrawFn, max_lives: int = 5) -> tuple[list[Life], Batches]:
    """Some lives, and their events in any order, some of them twice, cut into batches anywhere."""
    drawn = draw(
        st.lists(lives(), min_size=1, max_size=max_lives, unique_by=lambda a: a.contact_id)
    )
    events = [incoming for life in drawn for incoming in life.incoming()]
    again = draw(st.lists(st.sampled_from(events), max_size=10))
    order = draw(st.permutations(events + again))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=5)))
    return drawn, [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]


def project(fact: Fact, incoming: Incoming[Event]) -> Fact:
    """What is known of a contact after this event. Raises `KeyError` for one that is not consumed."""
    decision = HANDLERS[type(incoming.data)](fact, incoming, None)
    return decision.state if decision else fact


def fact_of(life: Life) -> Fact:
    """All that is known of a contact when everything was consumed, in order and once."""
    fact = NOTHING
    for incoming in life.incoming():
        fact = project(fact, incoming)
    return fact


def counted(batches: Batches) -> tuple[dict[UUID, Fact], Sums]:
    """The facts and sums after these batches, moved by differences, without a database."""
    facts: dict[UUID, Fact] = {}
    sums: Sums = {}
    for incoming in (event for batch in batches for event in batch):
        contact_id = UUID(incoming.subject)
        before = facts.get(contact_id, NOTHING)
        facts[contact_id] = project(before, incoming)
        add_change(sums, before, facts[contact_id])
    return facts, {key: n for key, n in sums.items() if n}
