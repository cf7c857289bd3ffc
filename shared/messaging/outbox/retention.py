"""What the leading relay does on the side: delete what is old."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from shared.database.database import Database
from shared.jobs.tasks import end
from shared.kernel.errors import Unavailable
from shared.observability.outages import Trouble

INTERVAL_SECONDS = 5.0
SLICE = 5_000
KEEP_PUBLISHED = timedelta(hours=72)
"""How long published events stay in the outbox after they were written: so long they can be republished."""
KEEP_MARKS = timedelta(days=15)
"""Longer than any topic keeps its records: a duplicate whose mark is gone would count again."""

# Each looks at the oldest rows alone, so that nothing to do costs nothing.
DELETE_OUTBOX = """
delete from outbox where (xid, position) in (
  select xid, position from (
    select outbox.xid, outbox.position, created_at from outbox, relay_cursor as here
    where (outbox.xid, outbox.position) <= (here.xid, here.position)
      and not exists (
        select from held_topic as held where held.topic = outbox.topic
          and (outbox.xid, outbox.position) > (held.xid, held.position)
      )
    order by outbox.xid, outbox.position limit $2
  ) as oldest
  where created_at < clock_timestamp() - $1::interval
)
"""
DELETE_PUBLISHED = """
delete from published where ctid = any(array(
  select ctid from published where published_at < clock_timestamp() - $1::interval limit $2
))
"""
DELETE_MARKS = """
delete from inbox where event_id = any(array(
  select event_id from inbox where received_at < clock_timestamp() - $1::interval limit $2
))
"""


@asynccontextmanager
async def retention(database: Database) -> AsyncIterator[None]:
    """Repeat it in the background while the block runs."""
    repeating = asyncio.create_task(_repeat(database))
    try:
        yield
    finally:
        await end(repeating)


async def delete_expired(
    database: Database, published: timedelta = KEEP_PUBLISHED, marks: timedelta = KEEP_MARKS
) -> None:
    """Delete published events and inbox marks that are older than this."""
    for statement, age in (
        (DELETE_OUTBOX, published),
        (DELETE_PUBLISHED, published),
        (DELETE_MARKS, marks),
    ):
        while await _delete_slice(database, statement, age) == SLICE:
            continue


async def _delete_slice(database: Database, statement: str, age: timedelta) -> int:
    async with database.connection() as connection:
        return int((await connection.execute(statement, age, SLICE)).split()[-1])


async def _repeat(database: Database) -> None:
    trouble = Trouble("retention")
    while True:
        try:
            await delete_expired(database)
        except Unavailable as error:
            trouble.met(error)
        else:
            trouble.over()
        await asyncio.sleep(INTERVAL_SECONDS)
