"""Queues and their forecasts, as routing publishes them: what a promise is made of."""

from collections.abc import Sequence

from services.intake.adapters.db import queues
from services.intake.domain.queues import QueueState
from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event, subject_of
from shared.database.database import Tx
from shared.messaging.consumer.handlers import Handlers, decide_in_order


class QueueHandler:
    """Keeps the newest state of each queue."""

    def __init__(self, table: Handlers[QueueState | None, None]) -> None:
        self._table = table

    async def __call__(self, tx: Tx, events: Sequence[Incoming[Event]]) -> list[Outgoing]:
        """Of several states in one batch the newest is saved; it publishes nothing."""
        keyed = [(subject_of(event.data), event) for event in events]
        states = dict.fromkeys(queue_id for queue_id, _ in keyed)
        changed, outgoing = decide_in_order(self._table, states, keyed, None)
        await queues.save(tx, filter(None, changed.values()))
        return outgoing
