"""What an open transaction does to everybody else on a cluster: how old the oldest that writes has become."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.database.database import Database
from shared.jobs.tasks import end

# Of those that have a number, which they get with their first write: others hold no relay up.
OLDEST = """
select coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0)::float8
from pg_stat_activity where backend_xid is not null
"""
LOOK_EVERY_SECONDS = 0.02


class Ages:
    """The greatest age that was seen, in seconds, and how often was looked."""

    def __init__(self) -> None:
        self.greatest, self.looks = 0.0, 0


@asynccontextmanager
async def ages_seen(database: Database) -> AsyncIterator[Ages]:
    """Looks at all databases of the cluster for as long as the block runs."""
    ages = Ages()

    async def look() -> None:
        async with database.connection() as connection:
            while True:
                ages.greatest = max(ages.greatest, await connection.fetchval(OLDEST))
                ages.looks += 1
                await asyncio.sleep(LOOK_EVERY_SECONDS)

    looking = asyncio.create_task(look())
    try:
        yield ages
    finally:
        await end(looking)
