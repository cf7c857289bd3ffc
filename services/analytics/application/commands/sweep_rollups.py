"""Remove sums that became 0, as when a contact moved from no queue to its first."""

from datetime import datetime, timedelta

from services.analytics.adapters.db import rollups
from shared.database.database import Tx
from shared.messaging.outbox.use_case import Result

STABLE_AFTER = timedelta(hours=2)
"""Sums of periods older than this seldom move, so a 0 among them may go."""


async def sweep_rollups(tx: Tx, now: datetime) -> Result[int]:
    """Sweep once; how many sums went."""
    return Result(await rollups.sweep(tx, before=now - STABLE_AFTER))
