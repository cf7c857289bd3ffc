"""Remove sums that nobody needs: those that became 0, and those of generations that are no longer read."""

from datetime import datetime, timedelta

from services.analytics.adapters.db import generations, rollups
from shared.database.database import Tx
from shared.messaging.outbox.use_case import Result

STABLE_AFTER = timedelta(hours=2)
"""Sums of periods older than this seldom move, so a 0 among them may go."""


async def sweep_rollups(tx: Tx, now: datetime) -> Result[bool]:
    """Remove some that became 0, as when a contact moved from no queue to its first; whether more may be there."""
    return Result(await rollups.sweep(tx, before=now - STABLE_AFTER) == rollups.STEP)


async def delete_old_sums(tx: Tx, _: datetime) -> Result[bool]:
    """Remove some of the sums that a recount or a rebuild replaced; whether more may be there."""
    there = await generations.read(tx)
    return Result(await rollups.delete_before(tx, there.current) == rollups.STEP)
