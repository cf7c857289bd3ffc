"""What the active relay does on the side: forget what is old, and measure how far behind it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from shared.database.database import Database
from shared.kernel.errors import Unavailable
from shared.observability import metrics
from shared.observability.logging import get_logger

LOOK_SECONDS = 5.0
SLICE = 5_000
KEEP_PUBLISHED = timedelta(hours=72)
"""How long events stay in the outbox after they were published: so long they can be republished."""
KEEP_MARKS = timedelta(days=15)
"""Longer than any topic keeps its records: a duplicate whose mark is gone would count again."""

# Each looks at the oldest rows alone, so that nothing to do costs nothing.
FORGET_OUTBOX = """
delete from outbox where (xid, position) in (
  select xid, position from (
    select outbox.xid, outbox.position, created_at from outbox, relay_cursor as here
    where (outbox.xid, outbox.position) <= (here.xid, here.position)
    order by outbox.xid, outbox.position limit $2
  ) as oldest
  where created_at < clock_timestamp() - $1::interval
)
"""
FORGET_PUBLISHED = """
delete from published where ctid = any(array(
  select ctid from published where published_at < clock_timestamp() - $1::interval limit $2
))
"""
FORGET_MARKS = """
delete from inbox where event_id = any(array(
  select event_id from inbox where received_at < clock_timestamp() - $1::interval limit $2
))
"""
AGE = """
select extract(epoch from clock_timestamp() - created_at)::float8 from outbox, relay_cursor as here
where (outbox.xid, outbox.position) > (here.xid, here.position)
order by outbox.xid, outbox.position limit 1
"""

log = get_logger(__name__)


@asynccontextmanager
async def housekeeping(database: Database) -> AsyncIterator[None]:
    """Keep house in the background for as long as the block runs; measured is first. `Unavailable`."""
    await _measure(database)
    keeping = asyncio.create_task(_keep_house(database))
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])


async def tidy(
    database: Database, published: timedelta = KEEP_PUBLISHED, marks: timedelta = KEEP_MARKS
) -> None:
    """Forget published events and inbox marks that are older than this."""
    for statement, age in (
        (FORGET_OUTBOX, published),
        (FORGET_PUBLISHED, published),
        (FORGET_MARKS, marks),
    ):
        while await _slice(database, statement, age) == SLICE:
            continue


async def _slice(database: Database, statement: str, age: timedelta) -> int:
    async with database.connection() as connection:
        return int((await connection.execute(statement, age, SLICE)).split()[-1])


async def _keep_house(database: Database) -> None:
    while True:
        try:
            await tidy(database)
            await _measure(database)
        except Unavailable as error:
            log.warning("housekeeping interrupted", reason=error.detail)
        await asyncio.sleep(LOOK_SECONDS)


async def _measure(database: Database) -> None:
    async with database.connection() as connection:
        metrics.outbox_age.set(await connection.fetchval(AGE) or 0)
