"""What a service consumes together, and what it does with it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event
from shared.contracts.topics import Topic
from shared.database.database import Tx
from shared.messaging.dead_letters.letter import DeadLetter

Handle: TypeAlias = Callable[[Tx, Sequence[Incoming[Event]]], Awaitable[Sequence[Outgoing]]]
OnDeadLetter: TypeAlias = Callable[[Tx, Sequence[DeadLetter]], Awaitable[None]]
Quarantine: TypeAlias = Callable[[Tx, Sequence[DeadLetter]], Awaitable[None]]
Admit: TypeAlias = Callable[[], None]
OnDuplicate: TypeAlias = Callable[[Tx, Sequence[Incoming[Event]]], Awaitable[None]]


@dataclass(frozen=True)
class Subscription:
    """The topics that one consumer group of a service reads, and the handler of their events.

    `handle` gets the events of `wanted` types that are new here, in partition order and in one
    transaction with everything it writes; what it returns is published when that commits. It raises
    `Invalid` for poison, `Unavailable` when a part is away. It may be called again with the same
    events after a failure, one at a time, so it keeps no state of its own.
    `quarantine` is for topics that anybody outside may publish to: it gets, in the same transaction,
    what its publisher got wrong (unreadable, refused as `Invalid`, or on the wrong topic). Such a
    record is no dead letter then, and counts towards no limit; our own failures still do.
    `on_duplicate` gets, in the same transaction, the events that their publishers sent again: each
    record once, and never one that Kafka only delivered again.
    `admit` raises `Unavailable` or `Overloaded` while nothing may be taken in; then the records wait on their topic.
    `gather_ms` is for who may be that much later: so long the broker gathers records before it hands
    them out, and many small batches become a few.
    `name` tells several subscriptions of one service apart; they must want different types.
    """

    topics: tuple[Topic, ...]
    wanted: frozenset[type[Event]]
    handle: Handle
    on_dead_letter: OnDeadLetter | None = None
    quarantine: Quarantine | None = None
    on_duplicate: OnDuplicate | None = None
    admit: Admit | None = None
    gather_ms: int = 0
    name: str = ""

    def group(self, service: str) -> str:
        """The consumer group."""
        return ".".join(filter(None, ("rapport", service, self.name)))
