"""Every periodic job of the worker. Any number of processes may run them at once."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TypeAlias

from services.analytics.adapters.db import watermarks
from services.analytics.application.commands.sweep_rollups import sweep_rollups
from shared.database.database import Database
from shared.jobs.periodic import PeriodicJob
from shared.kernel.clock import Clock
from shared.messaging.outbox.use_case import execute
from shared.observability import metrics

Job: TypeAlias = Callable[[Database, datetime], Awaitable[None]]


async def measure_freshness(database: Database, now: datetime) -> None:
    """Set the metric of the age of the newest counted event; before the first there is none."""
    async with database.connection() as tx:
        newest = await watermarks.newest_event(tx)
    if newest:
        metrics.figures_age.set(max(0.0, (now - newest).total_seconds()))


async def sweep(database: Database, now: datetime) -> None:
    """Remove sums of past periods that became 0."""
    await execute(database, partial(sweep_rollups, now=now))


JOBS: Mapping[str, Job] = {
    "measure_freshness": measure_freshness,  # how old the newest counted event is
    "sweep_rollups": sweep,  # sums that became 0 take no room
}


def periodic_jobs(
    database: Database, clock: Clock, interval_seconds: float
) -> dict[str, PeriodicJob]:
    """The jobs as parts of the worker, by name."""

    def repeated(job: Job) -> Callable[[], Awaitable[float]]:
        async def run() -> float:
            await job(database, clock.now())
            return interval_seconds

        return run

    return {name: PeriodicJob(name, repeated(job)) for name, job in JOBS.items()}
