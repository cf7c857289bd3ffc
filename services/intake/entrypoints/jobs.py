"""Every periodic job of the worker. Any number of processes may run them at once.

Delivery is no periodic job: it runs all the time, with a process of its own (`application/delivery.py`).
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from services.intake.adapters.db import promises
from services.intake.application.commands.settle_promises import break_due
from services.intake.application.commands.watch_promises import watch_promises
from shared.database.database import Database
from shared.jobs.periodic import Command, PeriodicJob
from shared.kernel.clock import Clock
from shared.messaging.outbox.use_case import execute

WATCH_SECONDS = 2.0
SHORTEST_SECONDS = 0.05


class Scene(NamedTuple):
    """What the jobs work with. No promise is due sooner than `longest_sleep` after it was made."""

    database: Database
    clock: Clock
    batch: int
    longest_sleep: timedelta


Job = Callable[[Scene], Awaitable[float]]
"""Does what is due now, and gives in how many seconds to look again."""


async def break_promises(scene: Scene) -> float:
    """Settle promises whose time is over; at once again after a full batch, else when the next is due."""
    now = scene.clock.now()
    broken = await execute(scene.database, lambda tx: break_due(tx, now, scene.batch))
    if broken == scene.batch:
        return 0
    async with scene.database.connection() as tx:
        next_due = await promises.next_due(tx)
    return _seconds_until(next_due, scene)


async def show_promises_at_risk(scene: Scene) -> float:
    """Show operators which promises are about to be broken."""
    now = scene.clock.now()
    await execute(scene.database, lambda tx: watch_promises(tx, now))
    return WATCH_SECONDS


JOBS: Mapping[str, Job] = {
    "promises": break_promises,
    "promise-watch": show_promises_at_risk,
}


def periodic_jobs(scene: Scene) -> dict[str, PeriodicJob]:
    """The jobs as parts of the worker, by name; time alone wakes them."""

    def repeated(job: Job) -> Command:
        return lambda: job(scene)

    return {name: PeriodicJob(name, repeated(job)) for name, job in JOBS.items()}


def _seconds_until(next_due: datetime | None, scene: Scene) -> float:
    """Never longer than within which a new promise could be due."""
    longest = scene.longest_sleep.total_seconds()
    if next_due is None:
        return longest
    left = (next_due - scene.clock.now()).total_seconds()
    return min(max(left, SHORTEST_SECONDS), longest)
