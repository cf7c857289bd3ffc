"""Every periodic job of the worker. Any number of processes may run them at once."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TypeAlias

from services.analytics.application.commands.measure_freshness import measure_freshness
from services.analytics.application.commands.sweep_rollups import sweep_rollups
from shared.database.database import Database, Tx
from shared.jobs.periodic import Command, PeriodicJob
from shared.kernel.clock import Clock
from shared.messaging.outbox.use_case import Result, execute

Job: TypeAlias = Callable[[Tx, datetime], Awaitable[Result[object]]]

JOBS: Mapping[str, Job] = {
    "measure_freshness": measure_freshness,  # how old the newest counted event is
    "sweep_rollups": sweep_rollups,  # sums of past periods that became 0 go
}


def periodic_jobs(
    database: Database, clock: Clock, interval_seconds: float
) -> dict[str, PeriodicJob]:
    """The jobs as parts of the worker, by name; time alone wakes them."""

    def repeated(job: Job) -> Command:
        async def run() -> float:
            now = clock.now()
            await execute(database, lambda tx: job(tx, now))
            return interval_seconds

        return run

    return {name: PeriodicJob(name, repeated(job)) for name, job in JOBS.items()}
