"""Show how fresh the figures are, as a metric that operators watch."""

from datetime import datetime

from services.analytics.adapters.db import watermarks
from shared.database.database import Tx
from shared.messaging.outbox.use_case import Result
from shared.observability import metrics


async def measure_freshness(tx: Tx, now: datetime) -> Result[None]:
    """Set the metric to the age of the newest counted event; before the first event it has no value."""
    newest = await watermarks.newest_event(tx)
    if newest:
        metrics.figures_age.set(max(0.0, (now - newest).total_seconds()))
    return Result(None)
