"""Recounts in the tests: taken slice by slice, and what is read meanwhile."""

from services.analytics.adapters.db import generations, rollups
from services.analytics.application.commands.recount import (
    Progress,
    begin_recount,
    count_slice,
)
from services.analytics.application.queries.recounted import differences
from services.analytics.domain.generations import Next
from services.analytics.domain.rollups import Sums
from shared.database.database import Database
from shared.messaging.outbox.use_case import execute


async def stored(database: Database) -> Sums:
    """The sums that are read."""
    async with database.connection() as tx:
        return await rollups.all_sums(tx)


async def wrong(database: Database) -> object:
    """The sums that are not what the facts say."""
    async with database.transaction() as tx:
        return await differences(tx)


async def begun(database: Database) -> Next | None:
    """What is being made."""
    async with database.connection() as tx:
        return (await generations.read(tx)).next


async def begin(database: Database) -> None:
    await execute(database, begin_recount)


async def slices(database: Database, count: int) -> Progress:
    """So many slices of a recount, or as many as there are; how far it has come."""
    progress = Progress(0, complete=False)
    for _ in range(count):
        progress = await execute(database, count_slice)
        if progress.complete:
            break
    return progress


async def to_the_end(database: Database) -> None:
    while not (await slices(database, 1)).complete:
        continue
