"""Every periodic job of the worker. Any number of processes may run them at once."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple

from services.analytics.application.commands.measure_freshness import measure_freshness
from services.analytics.application.commands.measure_recount import measure_recount
from services.analytics.application.commands.sweep_rollups import delete_old_sums, sweep_rollups
from services.analytics.application.rebuilding import Consumed, complete_if_counted
from shared.database.database import Database, Tx
from shared.jobs.periodic import Job
from shared.kernel.clock import Clock
from shared.messaging.outbox.use_case import Result, execute


class Context(NamedTuple):
    """What the jobs work with."""

    database: Database
    clock: Clock
    interval_seconds: float
    consumed: Consumed


async def show_freshness(context: Context) -> float:
    """Show operators how old the newest counted event is."""
    return await _repeat(context, measure_freshness)


async def show_recount(context: Context) -> float:
    """Show operators how far a recount has come."""
    return await _repeat(context, measure_recount)


async def sweep(context: Context) -> float:
    """Remove sums of past periods that became 0, step by step."""
    return await _repeat(context, sweep_rollups)


async def delete_old(context: Context) -> float:
    """Remove what a recount or a rebuild replaced, step by step."""
    return await _repeat(context, delete_old_sums)


async def complete_rebuild(context: Context) -> float:
    """Let a rebuild's figures be read once it has come to its end."""
    await complete_if_counted(context.database, context.consumed, context.clock.now())
    return context.interval_seconds


JOBS = {
    "measure_freshness": Job(show_freshness),
    "measure_recount": Job(show_recount),
    "complete_rebuild": Job(complete_rebuild),
    "sweep_rollups": Job(sweep),
    "delete_old_sums": Job(delete_old),
}


async def _repeat(
    context: Context, command: Callable[[Tx, datetime], Awaitable[Result[bool | None]]]
) -> float:
    """Once, and again at once for as long as it answers that there may be more; each run is a transaction."""
    now = context.clock.now()
    while await execute(context.database, lambda tx: command(tx, now)):
        continue
    return context.interval_seconds
