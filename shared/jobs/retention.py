"""What is old is deleted: by one worker at a time, in small steps, each a transaction of its own.

How old the oldest row of each table is, is measured by a job of its own, and so shows that nothing is
deleted any more, whatever the reason.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple, TypeAlias

from shared.database.database import Database
from shared.jobs.periodic import PeriodicJob
from shared.kernel.clock import Clock
from shared.kernel.errors import Unavailable
from shared.observability import metrics

INTERVAL_SECONDS: Final = 5.0
STEP: Final = 5_000

ALONE = "select pg_try_advisory_xact_lock(hashtext('retention'))"


class Kept(NamedTuple):
    """How long the rows of one table stay.

    `delete` removes rows from before $1, $2 of them at most; where there are none it has to cost nothing.
    `oldest` is when the oldest row was written; null: there is none. It has to cost nothing either.
    """

    period: timedelta
    delete: str
    oldest: str


Retention: TypeAlias = Mapping[str, Kept]
"""The tables of a service that would grow without end, and how long each keeps its rows."""


def retention_jobs(database: Database, clock: Clock, kept: Retention) -> dict[str, PeriodicJob]:
    """The parts of a worker that delete what is old, and say how old the oldest is. Any number may run."""

    async def delete() -> float:
        await delete_expired(database, clock.now(), kept)
        return INTERVAL_SECONDS

    async def measure() -> float:
        for table, age in (await oldest(database, clock.now(), kept)).items():
            metrics.retention_oldest.labels(table).set(age)
        return INTERVAL_SECONDS

    return {
        "retention": PeriodicJob("retention", delete),
        "retention_age": PeriodicJob("retention_age", measure),
    }


async def delete_expired(database: Database, now: datetime, kept: Retention) -> None:
    """Delete all that is older than its table keeps it.

    A table that cannot be cleaned up keeps no other from it; raises `Unavailable` for the last of them.
    """
    failure: Unavailable | None = None
    for table, each in kept.items():
        try:
            while await _delete_step(database, now - each.period, table, each) == STEP:
                continue
        except Unavailable as error:
            failure = error
    if failure:
        raise failure


async def oldest(database: Database, now: datetime, kept: Retention) -> dict[str, float]:
    """The age of the oldest row of each table in seconds; 0: it has none. Raises `Unavailable`."""
    ages = {}
    async with database.connection() as connection:
        for table, each in kept.items():
            written: datetime | None = await connection.fetchval(each.oldest)
            ages[table] = (now - written).total_seconds() if written else 0.0
    return ages


async def _delete_step(database: Database, before: datetime, table: str, kept: Kept) -> int:
    """How many were deleted; none while another worker is at it."""
    async with database.transaction() as tx:
        if not await tx.fetchval(ALONE):
            return 0
        deleted = int((await tx.execute(kept.delete, before, STEP)).split()[-1])
    metrics.retention_deleted.labels(table).inc(deleted)
    return deleted
