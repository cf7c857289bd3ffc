"""Contacts that have expired: what comes of one later has no effect, and nothing brings it back.

Their ids are kept for as long as the marks of the inbox, which is longer than any topic keeps its records:
after that nothing of them can come any more.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event
from shared.contracts.intake import ContactExpired
from shared.database.database import Tx
from shared.messaging.consumer.handlers import Process

RECORD = """
insert into expired_contact (contact_id) select id from unnest($1::uuid[]) as id order by id
on conflict do nothing
"""
EXPIRED = "select contact_id from expired_contact where contact_id = any($1::uuid[])"


async def record(tx: Tx, contact_ids: Collection[UUID]) -> None:
    """They are gone when `tx` commits; what is recorded stays as it is."""
    if contact_ids:
        await tx.execute(RECORD, list(contact_ids))


async def expired(tx: Tx, contact_ids: Collection[UUID]) -> set[UUID]:
    """Those of these contacts that are gone."""
    if not contact_ids:
        return set()
    return {row[0] for row in await tx.fetch(EXPIRED, list(contact_ids))}


def until_expired(process: Process) -> Process:
    """`process`, to which nothing comes of contacts that have expired but their expiry itself.

    For who keeps several things of a contact, each with events of its own.
    """

    async def process_rest(tx: Tx, events: Sequence[Incoming[Event]]) -> Sequence[Outgoing]:
        await record(tx, {each.contact_id for event in events if (each := _expiry(event))})
        gone = await expired(tx, set(filter(None, map(_contact_of, events))))
        rest = [each for each in events if _expiry(each) or _contact_of(each) not in gone]
        return await process(tx, rest)

    return process_rest


def _expiry(event: Incoming[Event]) -> ContactExpired | None:
    return event.data if isinstance(event.data, ContactExpired) else None


def _contact_of(event: Incoming[Event]) -> UUID | None:
    contact_id: UUID | None = getattr(event.data, "contact_id", None)
    return contact_id
