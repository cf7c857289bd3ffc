"""The decision: which waiting contact is offered to which agent, and why to this one.

Contacts are asked in the order of `place_in_line`, agents in the order of `PassedOver`; among those
who stand every test, the previous agent of reopened work comes first, then the longest idle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from services.routing.domain.crowd import Agent, Crowd, places
from shared.contracts.routing import Candidate, PassedOver
from shared.contracts.values import Channel, Need

NAMED = 20
"""Candidates that an explanation names at most."""

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A contact that waits, and what it takes. `skills` are its queue's, with their least levels.

    Priority 1 is the most urgent and 9 the least. Who `declined` is asked again only when everybody
    able has declined; who is `excluded` is not.
    """

    contact_id: UUID
    queue_id: str
    channel: Channel
    language: str
    received_at: datetime
    skills: Mapping[str, int] = field(default_factory=dict)
    priority: int = 5
    promise_due_at: datetime | None = None
    need: Need | None = None
    precedence: bool = False
    preferred_agent: str | None = None
    declined: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A contact and the agent it is to be offered to, in which slot and within which limit.

    `candidates` names the chosen agent and the nearest of the others, each with the reason they were
    passed over; `passed_over` counts everybody else.
    """

    contact_id: UUID
    agent_id: str
    slot: int
    authority_limit: int | None
    candidates: tuple[Candidate, ...]
    passed_over: dict[PassedOver, int]


def match(waiting: Sequence[Waiting], agents: Sequence[Agent], now: datetime) -> list[Placement]:
    """Place as many contacts as can be placed, the first in line first."""
    crowd = Crowd(agents, now)
    line = sorted(waiting, key=place_in_line)
    return [placed for contact in line if (placed := _place(contact, crowd, now))]


def place_in_line(contact: Waiting) -> tuple[bool, datetime, int, datetime, UUID]:
    """Reopened work first, then the promise that ends first, then priority, then age."""
    return (
        not contact.precedence,
        contact.promise_due_at or _NEVER,
        contact.priority,
        contact.received_at,
        contact.contact_id,
    )


def _place(contact: Waiting, crowd: Crowd, now: datetime) -> Placement | None:
    """Choose an agent and take one of their slots; None if nobody can take it now."""
    left, passed = crowd.everybody, dict[PassedOver, int]()
    for reason, standing in _tests(contact, crowd):
        passed[reason], left = left & ~standing, left & standing
    if not left:
        return None
    preferred = left & crowd.members((contact.preferred_agent or "",))
    chosen = crowd.first(preferred or left)
    passed[PassedOver.LESS_FIT] = left & ~(1 << chosen)
    agent, need = crowd.line[chosen], contact.need
    return Placement(
        contact_id=contact.contact_id,
        agent_id=agent.agent_id,
        slot=crowd.take_slot(chosen, contact.channel),
        authority_limit=agent.powers.limit_for(need, now) if need else None,
        candidates=_named(chosen, passed, crowd),
        passed_over={why: some.bit_count() for why, some in passed.items() if some},
    )


def _tests(contact: Waiting, crowd: Crowd) -> list[tuple[PassedOver, int]]:
    """Each reason to pass an agent over, with the set of those who stand that test."""
    ready, skilled = crowd.ready(), crowd.skilled(contact.skills)
    speaking = _speaking(contact.language, skilled, crowd)
    empowered = crowd.empowered(contact.need)
    able = ready & skilled & speaking & empowered
    return [
        (PassedOver.PRESENCE, ready),
        (PassedOver.SKILL, skilled),
        (PassedOver.LANGUAGE, speaking),
        (PassedOver.AUTHORITY, empowered),
        (PassedOver.CAPACITY, crowd.with_room(contact.channel)),
        (PassedOver.DECLINED, _willing(contact, able, crowd)),
    ]


def _speaking(language: str, skilled: int, crowd: Crowd) -> int:
    """Who speaks it; everybody, if no agent with the skills does: better somebody than nobody."""
    speakers = crowd.speaking(language)
    return speakers if speakers & skilled else crowd.everybody


def _willing(contact: Waiting, able: int, crowd: Crowd) -> int:
    """Who has not declined; when everybody able has, all but those who are excluded."""
    asked = crowd.everybody & ~crowd.members(contact.excluded)
    willing = asked & ~crowd.members(contact.declined)
    return willing if able & willing else asked


def _named(chosen: int, passed: Mapping[PassedOver, int], crowd: Crowd) -> tuple[Candidate, ...]:
    """The chosen agent, then those who came nearest: the last test they failed came latest."""
    named = [Candidate(agent_id=crowd.line[chosen].agent_id)]
    for why in reversed(PassedOver):
        for at in places(passed[why]):
            if len(named) == NAMED:
                return tuple(named)
            named.append(Candidate(agent_id=crowd.line[at].agent_id, passed_over=why))
    return tuple(named)
