"""Agents, and the slots that are their capacity."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from shared.contracts.routing import AgentChanged, AgentPersonal, Presence
from shared.database.database import Tx
from shared.kernel.errors import Conflict

_CARD = """
select a.*, coalesce(
  (select jsonb_object_agg(channel, slots) from (
    select channel, count(*) as slots from agent_slot s where s.agent_id = a.agent_id group by channel
  ) counted), '{}'::jsonb) as capacity
from agent a
"""
PAGE = f"{_CARD} where agent_id > $1 order by agent_id limit $2"
ONE = f"{_CARD} where agent_id = $1"
LOCK = "select missed from agent where agent_id = $1 for no key update"
PUT = """
insert into agent
  (agent_id, name, presence, skills, languages, authorities, changed_at, idle_since, missed)
values ($1, $2, $3, $4, $5, $6, $7, $7, 0)
on conflict (agent_id) do update set name = excluded.name, skills = excluded.skills,
  languages = excluded.languages, authorities = excluded.authorities, changed_at = excluded.changed_at
"""
FEWER_SLOTS = """
delete from agent_slot s where agent_id = $1
  and slot > coalesce(($2::jsonb ->> s.channel)::int, 0)
"""
MORE_SLOTS = """
insert into agent_slot (agent_id, channel, slot)
select $1, channel, slot from jsonb_each_text($2::jsonb) as c (channel, slots),
  generate_series(1, slots::int) as slot
on conflict do nothing
"""
PRESENCE = """
update agent set presence = $2, changed_at = $3, missed = 0,
  idle_since = case when presence = 'ready' then idle_since else $3 end
where agent_id = $1
"""
# Locked in order, since several agents may be freed at once.
IDLE = """
with held as (
  select agent_id from agent where agent_id = any($1) order by agent_id for no key update
)
update agent set idle_since = greatest(idle_since, $2) from held
where agent.agent_id = held.agent_id
"""
RESET_MISSED = "update agent set missed = 0 where agent_id = $1 and missed > 0"
COUNT_MISSED = """
with held as (
  select agent_id from agent where agent_id = any($1) order by agent_id for no key update
)
update agent set missed = missed + 1 from held
where agent.agent_id = held.agent_id returning agent.agent_id, missed, presence
"""


async def page(tx: Tx, after: str, limit: int) -> list[AgentChanged]:
    """So many agents at most, by id, those behind `after`."""
    return [_agent(row) for row in await tx.fetch(PAGE, after, limit)]


async def find(tx: Tx, agent_id: str) -> AgentChanged | None:
    """The agent as they are now."""
    row = await tx.fetchrow(ONE, agent_id)
    return _agent(row) if row else None


async def lock(tx: Tx, agent_id: str) -> bool:
    """Lock the agent until `tx` ends; False if there is none."""
    return await tx.fetchrow(LOCK, agent_id) is not None


async def put(tx: Tx, agent: AgentChanged) -> None:
    """Define the agent; presence is set for a new one only. Raises `Conflict` if a slot that would go is held."""
    card = msgspec.to_builtins(agent)
    kept = [card[name] for name in ("presence", "skills", "languages", "authorities")]
    await tx.execute(PUT, agent.agent_id, agent.personal.name, *kept, agent.changed_at)
    try:
        await tx.execute(FEWER_SLOTS, agent.agent_id, card["capacity"])
    except asyncpg.ForeignKeyViolationError as error:
        text = "the agent holds more contacts than this capacity allows"
        raise Conflict(text, reason="capacity_held") from error
    await tx.execute(MORE_SLOTS, agent.agent_id, card["capacity"])


async def set_presence(tx: Tx, agent_id: str, presence: Presence, now: datetime) -> None:
    """From now on; who becomes ready stands at the end of the line."""
    await tx.execute(PRESENCE, agent_id, presence, now)


async def mark_idle(tx: Tx, agent_ids: Iterable[str], now: datetime) -> None:
    """These have just ended something: they are idle since now."""
    if distinct := sorted(set(agent_ids)):
        await tx.execute(IDLE, distinct, now)


async def reset_missed(tx: Tx, agent_id: str) -> None:
    """The agent reacts to offers: what was missed before is forgotten."""
    await tx.execute(RESET_MISSED, agent_id)


async def count_missed(tx: Tx, agent_ids: Sequence[str]) -> Mapping[str, int]:
    """Note an offer let expire; how many it are in a row, for those who are ready."""
    rows = await tx.fetch(COUNT_MISSED, sorted(set(agent_ids)))
    return {row["agent_id"]: row["missed"] for row in rows if row["presence"] == Presence.READY}


def _agent(row: asyncpg.Record) -> AgentChanged:
    plain: dict[str, Any] = {
        name: row[name]
        for name in ("agent_id", "presence", "skills", "languages", "authorities", "capacity")
    }
    agent = msgspec.convert(
        {**plain, "changed_at": row["changed_at"], "personal": {}}, AgentChanged
    )
    return msgspec.structs.replace(agent, personal=AgentPersonal(name=row["name"]))
