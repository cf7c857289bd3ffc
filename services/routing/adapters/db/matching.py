"""What the match looks at: who waits, who could take it, and which slots are free."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

import asyncpg
import msgspec

from services.routing.adapters.db.contacts import declines_of, need_of
from services.routing.domain.agents.authority import Authorities, BudgetKey
from services.routing.domain.agents.model import Agent
from services.routing.domain.matching.feasibility import Feasible
from services.routing.domain.matching.model import MatchGroup, Waiting
from services.routing.domain.matching.order import WAITING_ORDER
from shared.contracts.routing import Presence
from shared.contracts.values import Authority, AuthorityKind, Channel
from shared.database.database import Tx

# One probe of the index for each group, however many wait; none unless this is the only pass now.
BEGIN = """
with recursive this as materialized (
  select pg_try_advisory_xact_lock(hashtext('routing dispatch')) as is_alone
), one as (
  (select match_group, queue_id, channel, language, need_kind, need_currency
    from contact where state = 'waiting' order by match_group limit 1)
  union all
  (select next.* from one cross join lateral (
    select match_group, queue_id, channel, language, need_kind, need_currency
    from contact where state = 'waiting' and match_group > one.match_group
    order by match_group limit 1
  ) next)
)
select one.*, q.card -> 'skills' as skills from one join queue q using (queue_id)
where (select is_alone from this)
"""
ORDER = ", ".join(f"{name} {direction}" for name, direction in WAITING_ORDER)
# The first of every group that somebody could be offered now; nobody else counts against a limit. Few
# contacts were declined or escalated: only for those are the agents asked one by one, as `match` does.
WAITING = f"""
select c.* from jsonb_to_recordset($1) as g (
  match_group text, largest bigint, beyond bigint, able jsonb
)
cross join lateral (
  select contact_id, match_group, queue_id, channel, language, received_at, priority,
    promise_due_at, precedence, preferred_agent, declined, excluded, need_kind, need_amount,
    need_currency
  from contact where state = 'waiting' and contact.match_group = g.match_group
    and coalesce(need_amount, 1) <= g.largest
    and (
      (declined = '{{}}' and excluded = '')
      or coalesce(need_amount, 1) <= g.beyond
      or (
        select bool_or(free and ask_again_at is null)
          or (bool_or(free and ask_again_at <= $4) and bool_and(ask_again_at is not null))
        from jsonb_to_recordset(g.able) as able (agent_id text, available bigint, free boolean)
        cross join lateral (
          select (declined -> agent_id ->> 'ask_again_at')::timestamptz
        ) asked (ask_again_at)
        where available >= coalesce(need_amount, 1)
          and agent_id <> all(string_to_array(excluded, ' '))
      )
    )
  order by {ORDER} limit $2
) c
order by {ORDER} limit $3
"""  # noqa: S608
AGENTS = """
select agent_id, presence, idle_since,
  skills::text as skills, languages::text as languages, authorities::text as authorities, spent
from agent left join (
  select agent_id, jsonb_agg(jsonb_build_array(kind, currency, spent)) as spent
  from authority_day where day = $1 and spent > 0 group by agent_id
) today using (agent_id)
"""
SLOTS = "select agent_id, channel, max(slot) as slots from agent_slot group by agent_id, channel"
# Which slots are left is told here from these two counts: to have the database find slots without an
# offer takes five times as long where there are many agents.
ROOM = f"""
select * from ({SLOTS}) as own left join (
  select agent_id, channel, array_agg(slot) as held from offer where slot is not null
  group by agent_id, channel
) live using (agent_id, channel)
"""  # noqa: S608
# The slots that are still there, held until the offers stand: capacity may be lowered meanwhile.
LOCK_SLOTS = """
select s.agent_id, s.channel, s.slot
from unnest($1::text[], $2::text[], $3::int[]) as wanted (agent_id, channel, slot)
join agent_slot s using (agent_id, channel, slot)
for key share of s
"""

MAX_CACHED = 50_000
Slot = tuple[str, Channel, int]


async def begin_pass(tx: Tx) -> list[MatchGroup]:
    """What the contacts that wait ask of an agent; nothing while another pass is being made.

    No other begins until `tx` ends.
    """
    return [_group(row) for row in await tx.fetch(BEGIN)]


async def find_waiting(
    tx: Tx, feasible: Mapping[str, Feasible], now: datetime, *, per_group: int, limit: int
) -> list[Waiting]:
    """The first in line of each of these groups, and of all, whom somebody could be offered now."""
    bounds = [_bound(key, found) for key, found in feasible.items()]
    rows = await tx.fetch(WAITING, bounds, per_group, limit, now)
    return [_waiting(row, feasible[row["match_group"]].group.skills) for row in rows]


async def find_agents(tx: Tx, day: date) -> list[Agent]:
    """All agents, with their free slots and what they spent on that day."""
    free = await _free_slots(tx)
    return [_agent(row, free[row["agent_id"]]) for row in await tx.fetch(AGENTS, day)]


async def _free_slots(tx: Tx) -> dict[str, dict[Channel, list[int]]]:
    """By agent and channel; slots are counted from one, without gaps."""
    free: dict[str, dict[Channel, list[int]]] = defaultdict(dict)
    for row in await tx.fetch(ROOM):
        held = set(row["held"] or ())
        if left := [slot for slot in range(1, row["slots"] + 1) if slot not in held]:
            free[row["agent_id"]][Channel(row["channel"])] = left
    return free


async def find_capacity(tx: Tx) -> dict[str, int]:
    """Each agent's capacity on the channel on which it is largest."""
    capacity: dict[str, int] = {}
    for row in await tx.fetch(SLOTS):
        capacity[row["agent_id"]] = max(row["slots"], capacity.get(row["agent_id"], 0))
    return capacity


async def lock_slots(tx: Tx, slots: Iterable[Slot]) -> set[Slot]:
    """Those of the slots that exist, kept from going until `tx` ends."""
    rows = await tx.fetch(LOCK_SLOTS, *map(list, zip(*slots, strict=True)))
    return {(row["agent_id"], Channel(row["channel"]), row["slot"]) for row in rows}


def _group(row: asyncpg.Record) -> MatchGroup:
    kind, currency = row["need_kind"], row["need_currency"]
    return MatchGroup(
        queue_id=row["queue_id"],
        channel=Channel(row["channel"]),
        language=row["language"],
        budget_key=(AuthorityKind(kind), currency) if kind else None,
        skills=row["skills"],
    )


def _bound(key: str, found: Feasible) -> dict[str, object]:
    bound = {"match_group": key, "largest": found.largest, "beyond": found.beyond}
    return {**bound, "able": found.able}


def _waiting(row: asyncpg.Record, skills: Mapping[str, int]) -> Waiting:
    contact_id: UUID = row["contact_id"]
    declines = declines_of(row)
    return Waiting(
        contact_id=contact_id,
        queue_id=row["queue_id"],
        channel=Channel(row["channel"]),
        language=row["language"],
        received_at=row["received_at"],
        skills=skills,
        priority=row["priority"],
        promise_due_at=row["promise_due_at"],
        need=need_of(row),
        precedence=row["precedence"],
        preferred_agent=row["preferred_agent"],
        declined=frozenset(declines),
        ask_again_at={agent_id: each.ask_again_at for agent_id, each in declines.items()},
        excluded=frozenset(row["excluded"].split()),
    )


def _agent(row: asyncpg.Record, free: Mapping[Channel, list[int]]) -> Agent:
    spent: dict[BudgetKey, int] = {
        (AuthorityKind(kind), currency): amount for kind, currency, amount in row["spent"] or ()
    }
    return Agent(
        agent_id=row["agent_id"],
        presence=Presence(row["presence"]),
        idle_since=row["idle_since"],
        skills=_skills(row["skills"]),
        languages=_languages(row["languages"]),
        authorities=Authorities(_authorities(row["authorities"]), spent),
        free=free,
    )


# The same texts come pass after pass: each is read once.
@lru_cache(maxsize=MAX_CACHED)
def _skills(text: str) -> Mapping[str, int]:
    return msgspec.json.decode(text, type=dict[str, int])


@lru_cache(maxsize=MAX_CACHED)
def _languages(text: str) -> tuple[str, ...]:
    return msgspec.json.decode(text, type=tuple[str, ...])


@lru_cache(maxsize=MAX_CACHED)
def _authorities(text: str) -> tuple[Authority, ...]:
    return msgspec.json.decode(text, type=tuple[Authority, ...])
