"""Every periodic job of the worker. Any number of processes may run them at once."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple

from services.analytics.application.commands.measure_freshness import measure_freshness
from services.analytics.application.commands.sweep_rollups import sweep_rollups
from shared.database.database import Database, Tx
from shared.jobs.periodic import Job
from shared.kernel.clock import Clock
from shared.messaging.outbox.use_case import Result, execute


class Context(NamedTuple):
    """What the jobs work with."""

    database: Database
    clock: Clock
    interval_seconds: float


async def show_freshness(context: Context) -> float:
    """Show operators how old the newest counted event is."""
    return await _repeat(context, measure_freshness)


async def sweep(context: Context) -> float:
    """Remove sums of past periods that became 0."""
    return await _repeat(context, sweep_rollups)


JOBS = {
    "measure_freshness": Job(show_freshness),
    "sweep_rollups": Job(sweep),
}


async def _repeat(
    context: Context, command: Callable[[Tx, datetime], Awaitable[Result[object]]]
) -> float:
    now = context.clock.now()
    await execute(context.database, lambda tx: command(tx, now))
    return context.interval_seconds
