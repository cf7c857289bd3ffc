"""Remove sums that nobody needs: those that became 0, and those of generations that are no longer read."""

from datetime import datetime, timedelta
from math import ceil

from services.analytics.adapters.db import generations, rollups
from services.analytics.domain.calendar_periods import DAY
from shared.database.database import Tx
from shared.messaging.outbox.use_case import Result

STABLE_AFTER = timedelta(hours=2)
"""Sums of periods older than this seldom move, so a 0 among them may go."""
TURN_SECONDS = 10


async def sweep_rollups(tx: Tx, now: datetime) -> Result[bool]:
    """Remove some that became 0, as when a contact moved from no queue to its first; whether more may be there.

    Looks at one day of periods, at another each time: what a look costs does not grow with the years.
    """
    first = await rollups.first_period(tx)
    if first is None:
        return Result(False)
    return Result(await rollups.sweep(tx, *days_turn(first, now)) == rollups.STEP)


def days_turn(first: datetime, now: datetime) -> tuple[datetime, datetime]:
    """From when until when: of the days from `first` on, the one whose turn it is; each has it for ten seconds."""
    end = now - STABLE_AFTER
    days = max(1, ceil((end - first) / DAY))
    start = first + int(now.timestamp()) // TURN_SECONDS % days * DAY
    return start, min(start + DAY, end)


async def delete_old_sums(tx: Tx, _: datetime) -> Result[bool]:
    """Remove some of the sums that a recount or a rebuild replaced; whether more may be there."""
    there = await generations.read(tx)
    return Result(await rollups.delete_before(tx, there.current) == rollups.STEP)
