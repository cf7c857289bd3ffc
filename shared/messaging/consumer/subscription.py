"""What a service listens to, and what it does with what it hears."""

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


@dataclass(frozen=True)
class Subscription:
    """One pair of ears.

    `handle` gets the events of `wanted` types that are new here, in partition order and in one
    transaction with everything it writes; what it returns is said when that commits. It raises
    `Invalid` for poison, `Unavailable` when a part is away. It may be called again with the same
    events after a failure, one at a time, so it keeps no state of its own.
    `name` tells several subscriptions of one service apart; they must want different types.
    """

    topics: tuple[Topic, ...]
    wanted: frozenset[type[Event]]
    handle: Handle
    on_dead_letter: OnDeadLetter | None = None
    name: str = ""

    def group(self, service: str) -> str:
        """The consumer group."""
        return ".".join(filter(None, ("rapport", service, self.name)))
