"""Publish the newest states again of which an older one may have been written late.

A relay that was stopped in the middle of a send and wakes after its lease has ended may still write what
its buffers hold, behind what the next holder published. Whoever consumes facts sees a duplicate. On
a compacted topic the last record of a key is its state, so the newest is published once more behind it.
"""

from collections.abc import Iterable

from shared.database.database import Database
from shared.messaging.outbox.foreign import COMPACTED

# First the lock under which `append` numbers, so that no newer state can slip in before its older one.
LOCK = "select from stream where subject = any($1::text[]) order by subject for update"
RESTATE = """
with late as (
  select distinct topic, key from unnest($1::text[], $2::bytea[]) as late (topic, key)
), raised as (
  update stream set xid = greatest(xid, pg_current_xact_id())
  where subject in (select convert_from(key, 'UTF8') from late)
  returning subject, xid
), newest as (
  select distinct on (topic, key) topic, key, event_id, type, traceparent, value
  from outbox join late using (topic, key)
  where type is not null order by topic, key, outbox.xid desc, position desc
)
insert into outbox (xid, event_id, topic, key, type, traceparent, value)
select raised.xid, event_id, topic, key, type, traceparent, value
from newest join raised on raised.subject = convert_from(key, 'UTF8')
"""


async def restate(database: Database, late: Iterable[tuple[str, bytes | None]]) -> None:
    """For each of these topics and keys, where the topic is compacted. Raises `Unavailable`."""
    states = {(topic, key) for topic, key in late if topic in COMPACTED and key is not None}
    if not states:
        return
    topics, keys = zip(*states, strict=True)
    async with database.transaction() as tx:
        await tx.execute(LOCK, sorted({key.decode() for key in keys}))
        await tx.execute(RESTATE, topics, keys)
