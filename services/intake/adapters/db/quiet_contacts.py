"""SQL of contacts to which nothing may have happened for long: locked, looked at, kept or deleted.

When something last happened is looked for where a contact seems to expire, and noted then. So nobody who
writes has to note it, and a contact that lives on is looked at once in a period.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.intake.domain.expiry import Activity
from shared.database.database import Tx
from shared.database.rows import Columns, from_row

_KEPT = Columns(contact_id="uuid", active_at="timestamptz")

# The lock waits for nobody, and whoever adds a message to one of these contacts waits for it.
LOCK = """
select contact_id from contact where coalesce(active_at, received_at) <= $1
order by coalesce(active_at, received_at) limit $2 for update skip locked
"""
ACTIVITY = """
select contact_id, greatest(received_at, written.at, promised.at) as active_at,
  coalesce(written.is_open, false) or coalesce(promised.is_open, false) as is_open
from contact
cross join lateral (
  select max(greatest(written_at, settled_at)) as at, bool_or(state = 'queued') as is_open
  from message where message.contact_id = contact.contact_id
) written
cross join lateral (
  select max(greatest(made_at, settled_at)) as at, bool_or(outcome is null) as is_open
  from promise where promise.contact_id = contact.contact_id
) promised
where contact_id = any($1::uuid[])
"""
KEEP = f"""
update contact set active_at = given.active_at
from {_KEPT.source} where contact.contact_id = given.contact_id
"""  # noqa: S608 - the source is made of our own column names
# What was replayed became a message of its contact, so it goes with that.
DELETE = """
with messages as (
  delete from message where contact_id = any($1::uuid[]) returning message_id
), attachments as (
  delete from attachment where message_id = any(array(select message_id from messages))
), promises as (
  delete from promise where contact_id = any($1::uuid[])
), replayed as (
  delete from quarantine where contact_id = any($1::uuid[])
)
delete from contact where contact_id = any($1::uuid[])
"""
OLDEST = "select min(coalesce(active_at, received_at)) from contact"


async def lock(tx: Tx, active_until: datetime, limit: int) -> list[UUID]:
    """Contacts that were last active then or before, as far as is noted; those that are in use are left out."""
    return [row[0] for row in await tx.fetch(LOCK, active_until, limit)]


async def activity(tx: Tx, contact_ids: Sequence[UUID]) -> list[Activity]:
    """When something last happened to these contacts, which are locked."""
    return [from_row(row, Activity) for row in await tx.fetch(ACTIVITY, contact_ids)]


async def keep(tx: Tx, kept: Sequence[Activity]) -> None:
    """Note when these were last active."""
    if kept:
        await tx.execute(KEEP, *_KEPT.arrays_of(kept))


async def delete(tx: Tx, contact_ids: Sequence[UUID]) -> None:
    """Delete these, which are locked, and all that belongs to them. Their files are for the sweep of orphans."""
    if contact_ids:
        await tx.execute(DELETE, contact_ids)


async def oldest(tx: Tx) -> datetime | None:
    """When the contact was last active that was so first, as far as is noted; None if there is none."""
    moment: datetime | None = await tx.fetchval(OLDEST)
    return moment
