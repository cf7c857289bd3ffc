"""How long messaging keeps its rows: what was published, where it went, what was consumed, and what has expired.

In a database that was restored into another cluster nothing of the outbox is deleted until it is rebased: what was
written since sorts before the cursor, published or not, and where the rest went says what is still to be published.
"""

from datetime import timedelta

from shared.jobs.retention import Kept
from shared.messaging.outbox.cluster import OUR_CURSOR
from shared.settings import RetentionSettings

# Only what is behind the relay's cursor, and behind its topic's own where that takes nothing. How far it went is noted
# for those who read the outbox as a feed.
DELETE_OUTBOX = f"""
with old as (
  select oldest.xid, oldest.position from relay_cursor as here, lateral (
    select outbox.xid, outbox.position, created_at from outbox
    where (outbox.xid, outbox.position) <= (here.xid, here.position)
      and not exists (
        select from held_topic as held where held.topic = outbox.topic
          and (outbox.xid, outbox.position) > (held.xid, held.position)
      )
    order by outbox.xid, outbox.position limit $2
  ) as oldest
  where {OUR_CURSOR} and created_at < $1
), noted as (
  update relay_cursor set deleted_xid = last.xid, deleted_position = last.position
  from (select xid, position from old order by xid desc, position desc limit 1) as last
  where id = 1 and (deleted_xid, deleted_position) < (last.xid, last.position)
)
delete from outbox using old where outbox.xid = old.xid and outbox.position = old.position
"""  # noqa: S608 - it is ours
OLDEST_OUTBOX = "select created_at from outbox order by xid, position limit 1"
DELETE_PUBLISHED = f"""
delete from published where ctid = any(array(
  select ctid from published where published_at < $1 and exists (select from relay_cursor as here where {OUR_CURSOR})
  order by published_at limit $2
))
"""  # noqa: S608 - it is ours
OLDEST_PUBLISHED = "select min(published_at) from published"
DELETE_MARKS = """
delete from inbox where event_id = any(array(
  select event_id from inbox where received_at < $1 order by received_at limit $2
))
"""
OLDEST_MARK = "select min(received_at) from inbox"
# With the contact goes its counter of `seq`, but never while an event of it may still have to be published.
DELETE_EXPIRED = """
with old as (
  select contact_id from expired_contact
  where expired_at < least($1, (select created_at from outbox order by xid, position limit 1))
  order by expired_at limit $2
), counters as (
  delete from stream where subject = any(array(select contact_id::text from old))
)
delete from expired_contact where contact_id = any(array(select contact_id from old))
"""
OLDEST_EXPIRED = "select min(expired_at) from expired_contact"


def messaging_retention(settings: RetentionSettings) -> dict[str, Kept]:
    """The tables that every service has."""
    published = timedelta(hours=settings.outbox_hours)
    return {
        "outbox": Kept(published, DELETE_OUTBOX, OLDEST_OUTBOX),
        "published": Kept(published, DELETE_PUBLISHED, OLDEST_PUBLISHED),
        "inbox": Kept(timedelta(days=settings.inbox_days), DELETE_MARKS, OLDEST_MARK),
    }


def expired_contact_retention(settings: RetentionSettings) -> dict[str, Kept]:
    """The table of those that keep something of contacts: until no event of such a contact can come any more."""
    period = timedelta(days=settings.inbox_days)
    return {"expired_contact": Kept(period, DELETE_EXPIRED, OLDEST_EXPIRED)}
