"""Whose transaction ids the outbox holds: those of this cluster, or of one that the database was restored from.

Order in the outbox is that of transaction ids, and each cluster counts its own. In a database that was
dumped and restored elsewhere the ids of old rows may be above all that the new cluster gives: they would not
be published for a long time, and new rows that sort before them would be passed over. So the cursor
remembers the system identifier of its cluster, and where that is another one the ids themselves are looked at. Replicas,
failover and a physical restore keep the identifier; `pg_upgrade` changes it and keeps the ids, so they pass.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.database.database import Database, Tx
from shared.kernel.errors import Unavailable
from shared.messaging.outbox.cursor import BEGIN

LOOK_SECONDS = 600.0

OUR_CURSOR = "here.id = 1 and here.cluster = (select system_identifier from pg_control_system())"
"""Of `relay_cursor as here`: it remembers this cluster."""
KNOWN = f"select exists (select from relay_cursor as here where {OUR_CURSOR})"  # noqa: S608 - it is ours
# No id of this cluster is as high as the next one. And what sorts before the cursor and went nowhere was
# written since, with an id that the new cluster gave; rows older than all notes may have lost theirs.
RESTORED = """
with here as (select xid, position, pg_snapshot_xmax(pg_current_snapshot()) as next from relay_cursor where id = 1),
went as (select unnest(positions) as position from published)
select exists (select from here where xid >= next)
  or exists (select from stream, here where stream.xid >= next)
  or exists (select from outbox, here where outbox.xid >= next)
  or exists (
    select from outbox cross join here left join went on went.position = outbox.position
    where (outbox.xid, outbox.position) <= (here.xid, here.position) and went.position is null
      and created_at >= (select coalesce(min(published_at), '-infinity') from published)
      and not exists (
        select from held_topic as held where held.topic = outbox.topic
          and (outbox.xid, outbox.position) > (held.xid, held.position)
      )
  )
"""
REMEMBER = """
update relay_cursor set cluster = (select system_identifier from pg_control_system()) where id = 1
"""


class Restored(Unavailable):
    """The outbox holds transaction ids of another cluster."""


@asynccontextmanager
async def own_cluster(database: Database) -> AsyncIterator[None]:
    """Inside, the ids of the outbox are those of this cluster. Raises `Restored`, `Unavailable`."""
    async with database.transaction() as tx:
        await tx.execute(BEGIN)
        if not await is_known(tx):
            if await _is_restored(tx):
                raise Restored(
                    "outbox: this database was restored into another cluster;"
                    f" run `python -m services.{database.service} rebase`"
                )
            await tx.execute(REMEMBER)
    yield


async def is_known(tx: Tx) -> bool:
    """Whether the cursor remembers this cluster; it is not, where there is no cursor."""
    return bool(await tx.fetchval(KNOWN))


async def _is_restored(tx: Tx) -> bool:
    """Looks at every row: once for each cluster, and for as long as nobody has rebased them."""
    await tx.execute("set local statement_timeout = 0")
    return bool(await tx.fetchval(RESTORED, timeout=LOOK_SECONDS))
