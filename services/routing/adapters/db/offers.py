"""What has its time: offers, wrap-ups and the pauses after a decline. Nothing sleeps beside a row: whoever asks next finds what is due."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from shared.database.database import Tx

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
  (select min(wrap_up_ends_at) from offer where state = 'wrapping')
)
"""
ASK_AGAIN = """
select min(ask_again_at) from contact
cross join lateral jsonb_to_recordset(jsonb_path_query_array(declined, '$.*'))
  as d (ask_again_at timestamptz)
where state = 'waiting' and declined <> '{}' and ask_again_at > $1
"""


async def due(tx: Tx, now: datetime, limit: int) -> list[UUID]:
    """Contacts with an offer past its time, a wrap-up that is over, or an agent who left."""
    return [row["contact_id"] for row in await tx.fetch(DUE, now, limit)]


async def not_ready(tx: Tx, contact_ids: Sequence[UUID]) -> set[str]:
    """Those of the agents with open offers on these contacts who are not ready."""
    return {row["agent_id"] for row in await tx.fetch(NOT_READY, contact_ids)}


async def next_due(tx: Tx) -> datetime | None:
    """When the next offer or wrap-up ends by itself."""
    moment: datetime | None = await tx.fetchval(NEXT)
    return moment


async def next_ask(tx: Tx, now: datetime) -> datetime | None:
    """When the next pause of somebody who declined a contact that waits is over."""
    moment: datetime | None = await tx.fetchval(ASK_AGAIN, now)
    return moment
