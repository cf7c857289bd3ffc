"""SQL for contacts: a set is locked, with its check-ins, and saved."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from services.followup.adapters.db.rows import from_contact, to_check_in, to_contact
from services.followup.domain.check_ins.model import CheckIn, Contact
from shared.database.database import Tx
from shared.database.rows import Columns
from shared.messaging.consumer import expired_contacts

COLUMNS = Columns(
    contact_id="uuid",
    customer_id="uuid",
    channel="text",
    language="text",
    time_zone="text",
    value_tier="text",
    automatic="boolean",
    trace="jsonb",
)
INSERT_UNKNOWN = """
insert into contact (contact_id) select id from unnest($1::uuid[]) as id order by id
on conflict do nothing
"""
LOCK = "select * from contact where contact_id = any($1) order by contact_id for update"
LOCK_CHECK_INS = """
select * from check_in where contact_id = any($1) order by check_in_id for update
"""
SAVE = f"""
update contact set {COLUMNS.assignments("given", but=["contact_id"])}
from {COLUMNS.source} where contact.contact_id = given.contact_id
"""  # noqa: S608 - made of the column names above
DELETE = """
with check_ins as (delete from check_in where contact_id = any($1::uuid[]))
delete from contact where contact_id = any($1::uuid[])
"""


async def lock(tx: Tx, contact_ids: Iterable[UUID]) -> dict[UUID, Contact]:
    """These contacts and their check-ins, held until `tx` ends; unknown ones begin to exist.

    Events of one contact come from several topics, so two workers may have some at once: the
    second one waits here and then sees what the first one did. One that has expired begins to exist,
    too, which makes who deletes it and who comes late wait for each other: `delete` it again.
    """
    ids = sorted(set(contact_ids))
    await tx.execute(INSERT_UNKNOWN, ids)
    rows = {row["contact_id"]: row for row in await tx.fetch(LOCK, ids)}
    check_ins: dict[UUID, list[CheckIn]] = defaultdict(list)
    for row in await tx.fetch(LOCK_CHECK_INS, ids):
        check_ins[row["contact_id"]].append(to_check_in(row))
    gone = await expired_contacts.expired(tx, ids)
    known = {one: to_contact(rows[one], tuple(check_ins[one])) for one in ids if one not in gone}
    return known | {one: Contact(contact_id=one, expired=True) for one in gone}


async def save(tx: Tx, contacts: Iterable[Contact]) -> None:
    """Write what is known of contacts that are locked; their check-ins are saved for themselves."""
    rows = [from_contact(contact) for contact in contacts]
    if rows:
        await tx.execute(SAVE, *COLUMNS.arrays(rows))


async def delete(tx: Tx, contact_ids: Sequence[UUID]) -> None:
    """Delete contacts that are locked, with their check-ins; from now on they are known to have expired."""
    if contact_ids:
        await expired_contacts.record(tx, contact_ids)
        await tx.execute(DELETE, contact_ids)
