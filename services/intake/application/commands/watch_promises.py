"""Watching promises: how many are about to be broken, for those who can still do something."""

from datetime import datetime

from services.intake.adapters.db import promises
from shared.database.database import Tx, once_committed
from shared.messaging.outbox.use_case import Result
from shared.observability import metrics


async def watch_promises(tx: Tx, now: datetime) -> Result[int]:
    """How many open promises have less than a fifth of their time left; the metric shows it."""
    count = await promises.at_risk(tx, now)
    once_committed(metrics.promises_at_risk.set, count)
    return Result(count)
