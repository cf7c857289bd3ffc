"""The decision: which waiting contact is offered to which agent, and why to this one.

Contacts are asked in the order of `WAITING_ORDER`, agents by `CRITERIA`; among those
who meet every criterion, the previous agent of reopened work comes first, then the longest idle.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.routing.domain.agents.model import Agent
from services.routing.domain.matching.agent_pool import AgentPool, places
from services.routing.domain.matching.criteria import CRITERIA
from services.routing.domain.matching.model import Placement, Waiting
from services.routing.domain.matching.order import place_in_line
from shared.contracts.routing import Candidate, PassedOver

MAX_CANDIDATES = 20
"""Candidates that an explanation names at most."""


def match(waiting: Sequence[Waiting], agents: Sequence[Agent], now: datetime) -> list[Placement]:
    """Place as many contacts as can be placed, the first in line first."""
    return place_all(waiting, AgentPool(agents, now), now)


def place_all(waiting: Sequence[Waiting], pool: AgentPool, now: datetime) -> list[Placement]:
    """As `match` does, among agents who are gathered already; they go to the end of their line."""
    line = sorted(waiting, key=place_in_line)
    return [placed for contact in line if (placed := _place(contact, pool, now))]


def _place(contact: Waiting, pool: AgentPool, now: datetime) -> Placement | None:
    """Choose an agent and take one of their slots; None if nobody can take it now."""
    left, passed = pool.everybody, dict[PassedOver, int]()
    for reason, criterion in CRITERIA.items():
        meeting = criterion(contact, pool)
        passed[reason], left = left & ~meeting, left & meeting
    if not left:
        return None
    preferred = left & pool.members((contact.preferred_agent or "",))
    chosen = pool.first(preferred or left)
    passed[PassedOver.LESS_FIT] = left & ~(1 << chosen)
    agent, need = pool.line[chosen], contact.need
    return Placement(
        contact_id=contact.contact_id,
        agent_id=agent.agent_id,
        slot=pool.take_slot(chosen, contact.channel),
        free_since=max(
            agent.idle_since, contact.ask_again_at.get(agent.agent_id, agent.idle_since)
        ),
        authority_limit=agent.authorities.limit_for(need, now) if need else None,
        candidates=_named(chosen, passed, pool),
        passed_over={why: some.bit_count() for why, some in passed.items() if some},
    )


def _named(chosen: int, passed: Mapping[PassedOver, int], pool: AgentPool) -> tuple[Candidate, ...]:
    """The chosen agent, then those who came nearest: the last test they failed came latest."""
    named = [Candidate(agent_id=pool.line[chosen].agent_id)]
    for why in reversed(PassedOver):
        for at in places(passed[why]):
            if len(named) == MAX_CANDIDATES:
                return tuple(named)
            named.append(Candidate(agent_id=pool.line[at].agent_id, passed_over=why))
    return tuple(named)
