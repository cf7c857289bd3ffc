"""Watching what waits: messages to be delivered, and what nobody could read."""

from datetime import datetime

from services.intake.adapters.db import deliveries, quarantine
from shared.database.database import Tx, once_committed
from shared.messaging.outbox.use_case import Result
from shared.observability import metrics

MAX_COUNT = 100_000
"""Nobody needs to know more exactly that it is far too much, and counting has a price."""


async def watch_queues(tx: Tx, now: datetime) -> Result[None]:
    """How much waits, and how long the oldest message has; the metrics show it."""
    queued, oldest_at = await deliveries.queued(tx, MAX_COUNT)
    waited = (now - oldest_at).total_seconds() if oldest_at else 0.0
    once_committed(metrics.intake_messages_queued.set, queued)
    once_committed(metrics.intake_messages_oldest.set, waited)
    once_committed(metrics.intake_quarantine_waiting.set, await quarantine.count(tx, MAX_COUNT))
    return Result(None)
