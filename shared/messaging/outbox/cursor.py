"""The outbox cursor: which rows are next, how far the relay has come, and where each row went."""

import asyncio
from typing import Any, TypeAlias

from shared.database.database import Database, Tx
from shared.jobs.lease import Lease, LeaseLost
from shared.kernel.errors import Unavailable
from shared.messaging.outbox.fenced import FENCED, fenced
from shared.messaging.outbox.publishing import Published

Row: TypeAlias = Any
"""xid, position, topic, key, type, traceparent, headers, value."""

MAX_ROWS, MAX_BYTES = 2_000, 4_194_304

BEGIN = "insert into relay_cursor (id, xid, position) values (1, '0', 0) on conflict do nothing"
# Only rows older than every open transaction: whatever commits later has a higher xid than all of
# these, so nothing can ever appear behind the cursor.
READ_AFTER_ROW = """
select xid, position, topic, key, type, traceparent, headers, value from (
  select *, sum(octet_length(value)) over (order by xid, position) as bytes from (
    select * from outbox
    where (xid, position) > ($1, $2) and xid < pg_snapshot_xmin(pg_current_snapshot())
    order by xid, position limit $3
  ) as committed
) as measured
where bytes is null or bytes - coalesce(octet_length(value), 0) < $4 order by xid, position
"""
# The same behind wherever the cursor is, which somebody may have set; one look is one statement.
READ_AFTER_CURSOR = """
select here.xid as from_xid, here.position as from_position, found.*
from relay_cursor as here, lateral (
  select xid, position, topic, key, type, traceparent, headers, value from (
    select *, sum(octet_length(value)) over (order by xid, position) as bytes from (
      select * from outbox
      where (xid, position) > (here.xid, here.position)
        and xid < pg_snapshot_xmin(pg_current_snapshot())
      order by xid, position limit $1
    ) as committed
  ) as measured
  where bytes is null or bytes - coalesce(octet_length(value), 0) < $2
) as found
where here.id = 1 order by found.xid, found.position
"""
# What was refused begins again where this set began: on its topic that is published twice, never not at all.
ADVANCE = f"""{FENCED}, moved as (
  update relay_cursor set xid = $11, position = $12
  where id = 1 and (xid, position) = ($9, $10) and exists (select from fence) returning id
), refused as (
  insert into held_topic (topic, xid, position, reason)
  select topic, $9, $10, reason from moved, unnest($13::text[], $14::text[]) as refused (topic, reason)
  on conflict do nothing
)
select array[(select count(*) from fence), (select count(*) from moved)]
"""  # noqa: S608 - it is ours


class OutboxCursor:
    """The cursor of one service. Only the holder of the relay's lease moves it."""

    def __init__(self, connection: Tx, database: Database, lease: Lease) -> None:
        """`connection` is the holder's own."""
        self._connection, self._database, self._lease = connection, database, lease
        self._cursor: tuple[int, int] = (0, 0)

    async def begin(self) -> None:
        """See to it that there is a cursor."""
        await self._connection.execute(BEGIN)

    async def read(self, stop: asyncio.Event) -> list[Row]:
        """The rows behind the cursor, wherever somebody may have set it; none once `stop` is set."""
        if stop.is_set():
            return []
        rows = await self._connection.fetch(READ_AFTER_CURSOR, MAX_ROWS, MAX_BYTES)
        if rows:
            self._cursor = rows[0]["from_xid"], rows[0]["from_position"]
        return rows

    async def read_after(self, row: Row, stop: asyncio.Event) -> list[Row]:
        """The rows after `row`; none once `stop` is set."""
        if stop.is_set():
            return []
        async with self._database.connection() as connection:
            return await connection.fetch(READ_AFTER_ROW, *_place(row), MAX_ROWS, MAX_BYTES)

    async def advance(self, last: Row, published: Published) -> None:
        """All up to `last` are published, but for topics that refuse: those are held from here on.

        Raises `LeaseLost` if another publishes, `Unavailable` if somebody has moved the cursor meanwhile.
        """
        here = _place(last)
        held, moved = await self._connection.fetchval(
            ADVANCE,
            *fenced(self._lease, published.batches),
            *self._cursor,
            *here,
            [*published.refused.keys()],
            [*published.refused.values()],
        )
        if not held:
            raise LeaseLost("lease: another publishes")
        if not moved:
            raise Unavailable("relay: the cursor was moved")
        self._cursor = here


def _place(row: Row) -> tuple[int, int]:
    return row["xid"], row["position"]
