"""Which aggregates of a service have changed, for whoever keeps an index of its state in memory.

The outbox is the feed: whatever changes an aggregate publishes it in the same transaction. Like the relay a feed reads
below the oldest open transaction, so it passes nothing over, whenever that commits. It names what changed and not how:
its reader reads the truth again, so nothing is lost where two aggregates come in another order than they committed in,
or where one is named twice. What the reader has written itself it knows at once, and is named later like all the rest.

    feed = await begin_feed(database)  # first of all: a change during the load is named, too
    state = await load()
    while not stop.is_set():
        try:
            changed = await feed.read()
        except Forgotten: ...  # begin again
"""

from typing import NamedTuple

from shared.database.database import Database
from shared.kernel.errors import Failure

MAX_ROWS = 2_000
BEGIN = "select pg_snapshot_xmin(pg_current_snapshot())"
READ = """
select forgotten, found.* from (
  select coalesce(bool_or((deleted_xid, deleted_position) > ($1, $2)), false) as forgotten from relay_cursor
) as mark left join lateral (
  select xid, position, topic, convert_from(key, 'UTF8') as subject from outbox
  where type is not null and (xid, position) > ($1, $2) and xid < pg_snapshot_xmin(pg_current_snapshot())
  order by xid, position limit $3
) as found on true
order by xid, position
"""


class Changed(NamedTuple):
    """An aggregate that has changed: the topic that it is published on, and its id there."""

    topic: str
    subject: str


class Forgotten(Failure):
    """The reader was away for longer than the outbox keeps its rows: it has to load everything again."""


class Feed:
    """How far one reader has come. Each has its own, and keeps it in memory alone."""

    def __init__(self, database: Database, xid: int) -> None:
        """Begins with what the transaction `xid` may publish."""
        self._database = database
        self._here = xid, 0

    async def read(self, max_rows: int = MAX_ROWS) -> list[Changed]:
        """What has changed since the last read, each once; empty if nothing has, or it cannot be seen yet.

        It is of so many events at most: call again until it is empty. Raises `Forgotten`, `Unavailable`.
        """
        async with self._database.connection() as connection:
            rows = await connection.fetch(READ, *self._here, max_rows)
        if rows[0]["forgotten"]:
            raise Forgotten("feed: changes were deleted before they were read")
        found = [row for row in rows if row["xid"] is not None]
        if found:
            self._here = found[-1]["xid"], found[-1]["position"]
        return [*dict.fromkeys(Changed(row["topic"], row["subject"]) for row in found)]


async def begin_feed(database: Database) -> Feed:
    """A feed of all that any snapshot taken before now may lack. Raises `Unavailable`."""
    async with database.connection() as connection:
        return Feed(database, await connection.fetchval(BEGIN))
