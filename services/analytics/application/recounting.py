"""A recount from its beginning, or from where one was stopped, to its end. One runs at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from services.analytics.application.commands.discard_recount import (
    delete_discarded,
    discard_recount,
)
from services.analytics.application.commands.recount import begin_recount, count_slice
from shared.database.database import Database
from shared.jobs.lease import LIFE_SECONDS, Lease
from shared.kernel.errors import Conflict
from shared.messaging.outbox.use_case import execute

Report = Callable[[int, int], None]
"""Is given how many contacts are counted so far, and of about how many; less than 0: nobody knows."""


async def recount(database: Database, report: Report) -> int:
    """Count all contacts anew; how many they are.

    Raises `Conflict` while another recount runs, or where what was begun cannot be gone on with.
    """
    async with alone(database):
        roughly = await execute(database, begin_recount)
        while True:
            began = _now()
            progress = await execute(database, count_slice)
            if progress.complete:
                return progress.contacts
            report(progress.contacts, roughly)
            await asyncio.sleep(
                _now() - began
            )  # half of the time is left to those who count events


async def discard(database: Database) -> int:
    """Give up what was begun, and remove what it has counted: how many sums. Raises `Conflict` while one runs."""
    removed = 0
    async with alone(database):
        await execute(database, discard_recount)
        while step := await execute(database, delete_discarded):
            removed += step
    return removed


@asynccontextmanager
async def alone(database: Database) -> AsyncIterator[None]:
    """Raises `Conflict` if another is at it: it would count the same once, but its reports would puzzle."""
    lease = Lease(database, "recount")
    if not await lease.take():
        raise Conflict(
            f"another recount or rebuild is running; if it was killed, try again in {LIFE_SECONDS:g} seconds"
        )
    async with lease.kept():
        yield


def _now() -> float:
    return asyncio.get_running_loop().time()
