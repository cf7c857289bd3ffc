"""Queues as routing publishes them: the newest state of each counts."""

from datetime import datetime

import msgspec

from shared.contracts.cloudevents import Incoming
from shared.contracts.decision import Decision
from shared.contracts.routing import QueueChanged


class QueueState(msgspec.Struct, frozen=True):
    """A queue as of a time."""

    queue: QueueChanged
    changed_at: datetime


def changed(
    state: QueueState | None, event: Incoming[QueueChanged], _: None
) -> Decision[QueueState | None] | None:
    """The queue is what the event says, unless something newer is known."""
    if state and state.changed_at > event.time:
        return None
    return Decision(QueueState(event.data, event.time))
