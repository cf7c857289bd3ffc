"""Contacts with their live offers: lock the set, save the set.

Whoever changes a contact or one of its offers holds the contact's row lock, taken in the order of
contact ids; agents are locked after contacts, also in order. So nothing waits in a circle.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from services.routing.adapters.rows import Upsert, fields_in
from services.routing.domain.contact import Contact, ContactState, Offer, OfferState
from services.routing.domain.declining import Declined
from services.routing.domain.matching import MatchGroup
from shared.contracts.cloudevents import TraceContext
from shared.contracts.values import AuthorityKind, Channel, Need
from shared.database.database import Tx

_CONTACT = {
    "contact_id": "uuid",
    "customer_id": "uuid",
    "channel": "text",
    "topic": "text",
    "language": "text",
    "value_tier": "text",
    "priority": "int",
    "received_at": "timestamptz",
    "state": "text",
    "promise_due_at": "timestamptz",
    "queue_id": "text",
    "queued_at": "timestamptz",
    "precedence": "bool",
    "preferred_agent": "text",
    "assignments": "int",
    "claims": "int",
    "resolution_id": "uuid",
    "returns_to": "text",
    "declined": "jsonb",
    "excluded": "text",
    "need_kind": "text",
    "need_amount": "bigint",
    "need_currency": "text",
    "trace_parent": "text",
    "trace_state": "text",
    "match_group": "text",
}
_OFFER = {
    "offer_id": "uuid",
    "contact_id": "uuid",
    "agent_id": "text",
    "queue_id": "text",
    "channel": "text",
    "state": "text",
    "slot": "int",
    "queued_at": "timestamptz",
    "made_at": "timestamptz",
    "expires_at": "timestamptz",
    "authority_limit": "bigint",
    "accepted_at": "timestamptz",
    "resolved_at": "timestamptz",
    "wrap_up_ends_at": "timestamptz",
    "ended_at": "timestamptz",
    "need_kind": "text",
    "need_amount": "bigint",
    "need_currency": "text",
}
_CONTACT_FIELDS = fields_in(Contact, _CONTACT)
_OFFER_FIELDS = fields_in(Offer, _OFFER)

LOCK = "select * from contact where contact_id = any($1) order by contact_id for no key update"
LOCK_FREE = f"{LOCK} skip locked"
LIVE = "select * from offer where contact_id = any($1) and slot is not null"
UNPLACED = """
select contact_id from contact where state = 'unplaced' order by received_at limit $1
"""
OFFER = "select * from offer where offer_id = $1 and agent_id = $2"
WAS_HELD = """
select exists (
  select from offer where contact_id = $1 and agent_id = $2 and accepted_at is not null
)
"""
_save_contacts = Upsert("contact", _CONTACT)
_save_offers = Upsert("offer", _OFFER)


async def lock(tx: Tx, contact_ids: Iterable[UUID], *, wait: bool = True) -> dict[UUID, Contact]:
    """The contacts that are known, locked until `tx` ends; without `wait`, only those that are free."""
    ids = list(contact_ids)
    rows = await tx.fetch(LOCK if wait else LOCK_FREE, ids)
    if not rows:
        return {}
    offers = {row["contact_id"]: offer_of(row) for row in await tx.fetch(LIVE, ids)}
    return {row["contact_id"]: contact_of(row, offers.get(row["contact_id"])) for row in rows}


async def save(tx: Tx, contacts: Sequence[Contact]) -> None:
    """Write the contacts and what happened to their offers. Two statements.

    Offers that ended are written first, so that the slots they leave are free for others.
    """
    await _save_contacts.run(tx, map(_contact_row, contacts))
    offers = [contact.offer for contact in contacts if contact.offer is not None]
    await _save_offers.run(tx, map(_offer_row, offers))


async def unplaced(tx: Tx, limit: int) -> list[UUID]:
    """Contacts that came when there was no queue for them, the oldest first."""
    return [row["contact_id"] for row in await tx.fetch(UNPLACED, limit)]


async def offer_to(tx: Tx, offer_id: UUID, agent_id: str) -> Offer | None:
    """An offer as it was made to this agent, whatever became of it."""
    row = await tx.fetchrow(OFFER, offer_id, agent_id)
    return offer_of(row) if row else None


async def was_held(tx: Tx, contact_id: UUID, agent_id: str) -> bool:
    """Whether the contact was ever assigned to this agent."""
    held: bool = await tx.fetchval(WAS_HELD, contact_id, agent_id)
    return held


def match_group(contact: Contact) -> MatchGroup:
    """The contacts that ask the same of an agent as this one."""
    need = contact.need
    return MatchGroup(
        queue_id=contact.queue_id or "",
        channel=contact.channel,
        language=contact.language,
        purse=(need.kind, need.currency) if need else None,
    )


def contact_of(row: asyncpg.Record, offer: Offer | None) -> Contact:
    """The contact in a row of its table."""
    found = {name: row[name] for name in _CONTACT_FIELDS}
    found |= {
        "channel": Channel(row["channel"]),
        "state": ContactState(row["state"]),
        "need": need_of(row),
        "declines": declines_of(row),
        "excluded": frozenset(row["excluded"].split()),
        "trace": _trace_of(row),
        "offer": offer,
    }
    return Contact(**found)


def offer_of(row: asyncpg.Record) -> Offer:
    """The offer in a row of its table."""
    found = {name: row[name] for name in _OFFER_FIELDS}
    found |= {
        "channel": Channel(row["channel"]),
        "state": OfferState(row["state"]),
        "need": need_of(row),
    }
    return Offer(**found)


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
        **{name: getattr(contact, name) for name in _CONTACT_FIELDS},
        **_need_row(contact.need),
        "declined": contact.declines,
        "excluded": " ".join(sorted(contact.excluded)),
        "trace_parent": trace.parent if trace else None,
        "trace_state": trace.state if trace else None,
        "match_group": match_group(contact).key,
    }


def _offer_row(offer: Offer) -> dict[str, Any]:
    return {**{name: getattr(offer, name) for name in _OFFER_FIELDS}, **_need_row(offer.need)}


def _need_row(need: Need | None) -> dict[str, Any]:
    return {
        "need_kind": need.kind if need else None,
        "need_amount": need.amount if need else None,
        "need_currency": need.currency if need else None,
    }
