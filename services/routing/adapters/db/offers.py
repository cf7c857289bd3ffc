"""Offers as they are read: whose they were, and which end by themselves.

Nothing sleeps beside a row: whoever asks next finds what is due.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.routing.adapters.db.contacts import offer_of
from services.routing.domain.contact.model import Offer
from shared.database.database import Tx

ONE = "select * from offer where offer_id = $1 and agent_id = $2"
WAS_HELD = """
select exists (
  select from offer where contact_id = $1 and agent_id = $2 and accepted_at is not null
)
"""
DUE = """
select contact_id from (
  (select contact_id from offer where state = 'open' and expires_at <= $1
    order by expires_at limit $2)
  union all
  (select contact_id from offer where state = 'wrapping' and wrap_up_ends_at <= $1
    order by wrap_up_ends_at limit $2)
  union all
  (select contact_id from offer join agent using (agent_id)
    where state = 'open' and presence <> 'ready' limit $2)
) due limit $2
"""
NOT_READY = """
select distinct agent_id from offer join agent using (agent_id)
where contact_id = any($1) and state = 'open' and presence <> 'ready'
"""
NEXT = """
select least(
  (select min(expires_at) from offer where state = 'open'),
  (select min(wrap_up_ends_at) from offer where state = 'wrapping'),
  (select min(made_at) from offer join agent using (agent_id)
    where state = 'open' and presence <> 'ready')
)
"""


async def find(tx: Tx, offer_id: UUID, agent_id: str) -> Offer | None:
    """An offer as it was made to this agent, whatever became of it."""
    row = await tx.fetchrow(ONE, offer_id, agent_id)
    return offer_of(row) if row else None


async def was_accepted(tx: Tx, contact_id: UUID, agent_id: str) -> bool:
    """Whether the contact was ever assigned to this agent."""
    held: bool = await tx.fetchval(WAS_HELD, contact_id, agent_id)
    return held


async def due_contacts(tx: Tx, now: datetime, limit: int) -> list[UUID]:
    """Contacts with an offer past its time, a wrap-up that is over, or an agent who left."""
    return [row["contact_id"] for row in await tx.fetch(DUE, now, limit)]


async def agents_who_left(tx: Tx, contact_ids: Sequence[UUID]) -> set[str]:
    """Those of the agents with open offers on these contacts who are not ready."""
    return {row["agent_id"] for row in await tx.fetch(NOT_READY, contact_ids)}


async def next_due(tx: Tx) -> datetime | None:
    """When the next offer or wrap-up ends by itself; a moment ago if an agent left an offer behind."""
    moment: datetime | None = await tx.fetchval(NEXT)
    return moment
