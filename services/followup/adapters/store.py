"""SQL: load a set of contacts or check-ins under lock, save a set, each in one statement."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.followup.adapters.rows import (
    CHECK_IN,
    CONTACT,
    Row,
    from_check_in,
    from_contact,
    to_check_in,
    to_contact,
)
from services.followup.domain.model import CheckIn, Contact
from shared.database.database import Tx
from shared.kernel.errors import Conflict

CHANNEL = "check_ins"
"""Where PostgreSQL tells the timers that something may be due earlier than they think."""


def _given(columns: Mapping[str, str]) -> str:
    arrays = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(columns.values(), 1))
    return f"unnest({arrays}) as given ({', '.join(columns)})"


def _set_all(columns: Iterable[str], source: str) -> str:
    return ", ".join(f"{column} = {source}.{column}" for column in columns)


KNOW_CUSTOMERS = """
insert into customer (customer_id, name)
select * from unnest($1::uuid[], $2::text[]) as given (customer_id, name) order by customer_id
on conflict (customer_id) do update set name = excluded.name
"""
MEET_CONTACTS = """
insert into contact (contact_id) select id from unnest($1::uuid[]) as id order by id
on conflict do nothing
"""
LOCK_CONTACTS = "select * from contact where contact_id = any($1) order by contact_id for update"
LOCK_CHECK_INS = """
select * from check_in where contact_id = any($1) order by check_in_id for update
"""
SAVE_CONTACTS = f"""
update contact set {_set_all(CONTACT, "given")}
from {_given(CONTACT)} where contact.contact_id = given.contact_id
"""  # noqa: S608 - made of the column names above
SAVE_CHECK_INS = f"""
insert into check_in ({", ".join(CHECK_IN)})
select * from {_given(CHECK_IN)} order by contact_id, number
on conflict (check_in_id) do update set {_set_all(CHECK_IN, "excluded")}
where check_in.state in ('waiting', 'scheduled', 'sent')
"""  # noqa: S608 - made of the column names above
ASKED = """
select check_in.*, customer_id, channel, language, time_zone, value_tier, automatic, trace,
  coalesce(customer.name, '') as name
from {source} as check_in join contact using (contact_id) left join customer using (customer_id)
"""
FIND = ASKED.format(source="check_in") + "where check_in_id = $1"
LOCK = FIND + " for update of check_in"
CLAIM_DUE = ASKED.format(
    source="""(
  select * from check_in where state = 'scheduled' and not word_owed and due_at <= $1
  order by due_at limit $2 for update skip locked
)"""
)
CLAIM_CLOSING = ASKED.format(
    source="""(
  select * from check_in where state = 'sent' and not word_owed and closes_at <= $1
  order by closes_at limit $2 for update skip locked
)"""
)
NEXT = """
select least(
  (select min(due_at) from check_in where state = 'scheduled' and not word_owed),
  (select min(closes_at) from check_in where state = 'sent' and not word_owed))
"""
OF_CONTACT = "select * from check_in where contact_id = $1 order by number"


@dataclass(frozen=True, slots=True)
class Asked:
    """A check-in, the contact it is about and the customer's name, empty if it is not known."""

    check_in: CheckIn
    contact: Contact
    name: str


async def know_customers(tx: Tx, names: Mapping[UUID, str]) -> None:
    """Keep what customers are called now."""
    await tx.execute(KNOW_CUSTOMERS, list(names), list(names.values()))


async def lock_contacts(tx: Tx, contact_ids: Iterable[UUID]) -> dict[UUID, Contact]:
    """These contacts and their check-ins, held until `tx` ends; unknown ones begin to exist.

    Events of one contact come from several topics, so two workers may hear of it at once: the
    second one waits here and then sees what the first one did.
    """
    ids = sorted(set(contact_ids))
    await tx.execute(MEET_CONTACTS, ids)
    contacts = await tx.fetch(LOCK_CONTACTS, ids)
    check_ins: dict[UUID, list[CheckIn]] = defaultdict(list)
    for row in await tx.fetch(LOCK_CHECK_INS, ids):
        check_ins[row["contact_id"]].append(to_check_in(row))
    return {
        row["contact_id"]: to_contact(row, tuple(check_ins[row["contact_id"]])) for row in contacts
    }


async def save_contacts(tx: Tx, contacts: Iterable[Contact]) -> None:
    """Write what is known of contacts that are locked."""
    rows = [from_contact(contact) for contact in contacts]
    if rows:
        await tx.execute(SAVE_CONTACTS, *_columns(rows, CONTACT))


async def save_check_ins(tx: Tx, check_ins: Iterable[CheckIn]) -> None:
    """Write check-ins that are locked or new. One that has ended never changes again: Conflict."""
    rows = [from_check_in(check_in) for check_in in check_ins]
    if not rows:
        return
    status = await tx.execute(SAVE_CHECK_INS, *_columns(rows, CHECK_IN))
    if int(status.split()[-1]) != len(rows):
        raise Conflict("a check-in has ended already")


async def announce(tx: Tx, due_at: datetime) -> None:
    """Tell the timers, when `tx` commits, that something is due at that time."""
    await tx.execute("select pg_notify($1, $2)", CHANNEL, due_at.isoformat())


async def claim_due(tx: Tx, now: datetime, limit: int) -> list[Asked]:
    """Check-ins whose time to ask has come and nobody else has claimed, held until `tx` ends."""
    return [_to_asked(row) for row in await tx.fetch(CLAIM_DUE, now, limit)]


async def claim_closing(tx: Tx, now: datetime, limit: int) -> list[Asked]:
    """Check-ins whose window is over and nobody else has claimed, held until `tx` ends."""
    return [_to_asked(row) for row in await tx.fetch(CLAIM_CLOSING, now, limit)]


async def next_due(tx: Tx) -> datetime | None:
    """When the next check-in is to be asked or closed; None if none is."""
    moment: datetime | None = await tx.fetchval(NEXT)
    return moment


async def find(tx: Tx, check_in_id: UUID) -> Asked | None:
    """A check-in as it stands; nothing is held."""
    row = await tx.fetchrow(FIND, check_in_id)
    return _to_asked(row) if row else None


async def lock(tx: Tx, check_in_id: UUID) -> Asked | None:
    """A check-in, held until `tx` ends."""
    row = await tx.fetchrow(LOCK, check_in_id)
    return _to_asked(row) if row else None


async def of_contact(tx: Tx, contact_id: UUID) -> list[CheckIn]:
    """The check-ins of a contact, in the order in which its resolutions were claimed."""
    return [to_check_in(row) for row in await tx.fetch(OF_CONTACT, contact_id)]


def _to_asked(row: Row) -> Asked:
    return Asked(to_check_in(row), to_contact(row, ()), row["name"])


def _columns(rows: list[dict[str, Any]], columns: Iterable[str]) -> list[list[Any]]:
    return [[row.get(column) for row in rows] for column in columns]
