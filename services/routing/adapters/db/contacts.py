"""Contacts with their live offers: lock the set, save the set.

Whoever changes a contact or one of its offers holds the contact's row lock, taken in the order of
contact ids; agents are locked after contacts, also in order. So nothing waits in a circle.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from services.routing.domain.agents.decline_pauses import Declined
from services.routing.domain.contact.model import Contact, Offer
from services.routing.domain.matching.model import MatchGroup
from shared.contracts.trace_context import TraceContext
from shared.contracts.values import AuthorityKind, Need
from shared.database.database import Tx
from shared.database.rows import Columns, as_row, from_row

CONTACT = Columns(
    contact_id="uuid",
    customer_id="uuid",
    channel="text",
    topic="text",
    language="text",
    value_tier="text",
    priority="int",
    received_at="timestamptz",
    state="text",
    promise_due_at="timestamptz",
    queue_id="text",
    queued_at="timestamptz",
    precedence="bool",
    preferred_agent="text",
    assignments="int",
    claims="int",
    resolution_id="uuid",
    returns_to="text",
    declined="jsonb",
    excluded="text",
    need_kind="text",
    need_amount="bigint",
    need_currency="text",
    trace_parent="text",
    trace_state="text",
    match_group="text",
)
OFFER = Columns(
    offer_id="uuid",
    contact_id="uuid",
    agent_id="text",
    queue_id="text",
    channel="text",
    state="text",
    slot="int",
    queued_at="timestamptz",
    made_at="timestamptz",
    expires_at="timestamptz",
    authority_limit="bigint",
    accepted_at="timestamptz",
    resolved_at="timestamptz",
    wrap_up_ends_at="timestamptz",
    ended_at="timestamptz",
    need_kind="text",
    need_amount="bigint",
    need_currency="text",
)

LOCK = "select * from contact where contact_id = any($1) order by contact_id for no key update"
LOCK_FREE = f"{LOCK} skip locked"
LOCK_WAITING = """
select c.*, (q.card ->> 'offer_timeout_seconds')::int as offer_timeout_seconds, greatest(
  queued_at, (select max(ended_at) from offer o where o.contact_id = c.contact_id)
) as waiting_since
from contact c join queue q using (queue_id)
where contact_id = any($1) and state = 'waiting' order by contact_id
for no key update of c skip locked
"""
LIVE = "select * from offer where contact_id = any($1) and slot is not null"
UNPLACED = """
select contact_id from contact where state = 'unplaced' order by received_at limit $1
"""
COUNT_UNPLACED = "select count(*) from contact where state = 'unplaced'"
ASK_AGAIN = """
select min(ask_again_at) from contact
cross join lateral jsonb_to_recordset(jsonb_path_query_array(declined, '$.*'))
  as d (ask_again_at timestamptz)
where state = 'waiting' and declined <> '{}' and ask_again_at > $1
"""
SAVE = f"""
with saved as ({CONTACT.upsert("contact", "contact_id")})
{OFFER.upsert("offer", "offer_id", 1 + len(CONTACT))}
"""
# What was spent stays in the totals of the day.
DELETE = """
with offers as (
  delete from offer where contact_id = any($1::uuid[])
), messages as (
  delete from message where contact_id = any($1::uuid[])
), steps as (
  delete from help_step where contact_id = any($1::uuid[])
), notes as (
  delete from note where contact_id = any($1::uuid[])
), actions as (
  delete from action where contact_id = any($1::uuid[])
), resolutions as (
  delete from resolution where contact_id = any($1::uuid[])
)
delete from contact where contact_id = any($1::uuid[])
"""


class Locked(NamedTuple):
    """A contact that waits, since when it was not offered, and how long its queue lets an offer stand."""

    contact: Contact
    waiting_since: datetime
    offer_timeout: timedelta


async def lock(tx: Tx, contact_ids: Iterable[UUID], *, wait: bool = True) -> dict[UUID, Contact]:
    """The contacts that are known, locked until `tx` ends; without `wait`, only those that are free."""
    ids = list(contact_ids)
    rows = await tx.fetch(LOCK if wait else LOCK_FREE, ids)
    if not rows:
        return {}
    offers = {row["contact_id"]: offer_of(row) for row in await tx.fetch(LIVE, ids)}
    return {row["contact_id"]: contact_of(row, offers.get(row["contact_id"])) for row in rows}


async def lock_waiting(tx: Tx, contact_ids: Iterable[UUID]) -> dict[UUID, Locked]:
    """Those that still wait and are free, locked until `tx` ends. Who waits has no live offer."""
    return {
        row["contact_id"]: Locked(
            contact_of(row, None),
            row["waiting_since"],
            timedelta(seconds=row["offer_timeout_seconds"]),
        )
        for row in await tx.fetch(LOCK_WAITING, list(contact_ids))
    }


async def save(tx: Tx, contacts: Sequence[Contact]) -> None:
    """Write the contacts and what happened to their offers. One statement."""
    if contacts:
        offers = [contact.offer for contact in contacts if contact.offer is not None]
        contact_rows, offer_rows = map(_contact_row, contacts), map(_offer_row, offers)
        await tx.execute(SAVE, *CONTACT.arrays(contact_rows), *OFFER.arrays(offer_rows))


async def delete(tx: Tx, contact_ids: Sequence[UUID]) -> None:
    """Delete contacts that are locked, and all that belongs to them. One statement."""
    if contact_ids:
        await tx.execute(DELETE, contact_ids)


async def save_if_allowed(tx: Tx, contacts: Sequence[Contact]) -> bool:
    """As `save`; False if a constraint refuses it, and then nothing is written and `tx` goes on."""
    try:
        async with tx.transaction():
            await save(tx, contacts)
    except asyncpg.IntegrityConstraintViolationError:
        return False
    return True


async def find_unplaced(tx: Tx, limit: int) -> list[UUID]:
    """Contacts that came when there was no queue for them, the oldest first."""
    return [row["contact_id"] for row in await tx.fetch(UNPLACED, limit)]


async def count_unplaced(tx: Tx) -> int:
    """How many contacts there is no queue for."""
    number: int = await tx.fetchval(COUNT_UNPLACED)
    return number


async def next_to_ask_again(tx: Tx, now: datetime) -> datetime | None:
    """When the next pause of somebody who declined a contact that waits is over."""
    moment: datetime | None = await tx.fetchval(ASK_AGAIN, now)
    return moment


def match_group(contact: Contact) -> MatchGroup:
    """The contacts that ask the same of an agent as this one."""
    need = contact.need
    return MatchGroup(
        queue_id=contact.queue_id or "",
        channel=contact.channel,
        language=contact.language,
        budget_key=(need.kind, need.currency) if need else None,
    )


def contact_of(row: asyncpg.Record, offer: Offer | None) -> Contact:
    """The contact in a row of its table."""
    return from_row(
        row,
        Contact,
        excluded=row["excluded"].split(),
        declines=row["declined"],
        need=need_of(row),
        trace=_trace_of(row),
        offer=offer,
    )


def offer_of(row: asyncpg.Record) -> Offer:
    """The offer in a row of its table."""
    return from_row(row, Offer, need=need_of(row))


def declines_of(row: asyncpg.Record) -> dict[str, Declined]:
    """Who left the contact to others, by agent."""
    return msgspec.convert(row["declined"], dict[str, Declined]) if row["declined"] else {}


def need_of(row: asyncpg.Record) -> Need | None:
    """The need in a row that has its three columns."""
    if row["need_kind"] is None:
        return None
    kind = AuthorityKind(row["need_kind"])
    return Need(kind=kind, amount=row["need_amount"], currency=row["need_currency"])


def _trace_of(row: asyncpg.Record) -> TraceContext | None:
    parent = row["trace_parent"]
    return TraceContext(parent, row["trace_state"]) if parent else None


def _contact_row(contact: Contact) -> dict[str, Any]:
    trace = contact.trace
    return {
        **as_row(contact),
        **_need_row(contact.need),
        "declined": contact.declines,
        "excluded": " ".join(sorted(contact.excluded)),
        "trace_parent": trace.parent if trace else None,
        "trace_state": trace.state if trace else None,
        "match_group": match_group(contact).key,
    }


def _offer_row(offer: Offer) -> dict[str, Any]:
    return {**as_row(offer), **_need_row(offer.need)}


def _need_row(need: Need | None) -> dict[str, Any]:
    return {
        "need_kind": need.kind if need else None,
        "need_amount": need.amount if need else None,
        "need_currency": need.currency if need else None,
    }
