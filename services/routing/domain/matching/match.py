"""The decision: which waiting contact is offered to which agent, and why to this one.

Contacts are asked in the order of `LINE`, agents by `CRITERIA`; among those
who meet every criterion, the previous agent of reopened work comes first, then the longest idle.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from services.routing.domain.authority import Purse
from services.routing.domain.crowd import Agent, Crowd, places
from shared.contracts.routing import Candidate, PassedOver
from shared.contracts.values import Channel, Need

NAMED = 20
"""Candidates that an explanation names at most."""


class Direction(StrEnum):
    """Which end comes first, in PostgreSQL's words; as there, nothing is more than anything."""

    ASCENDING = "asc"
    DESCENDING = "desc"


LINE: tuple[tuple[str, Direction], ...] = (
    ("precedence", Direction.DESCENDING),
    ("promise_due_at", Direction.ASCENDING),
    ("priority", Direction.ASCENDING),
    ("received_at", Direction.ASCENDING),
    ("contact_id", Direction.ASCENDING),
)
"""Who comes first: reopened work, then the promise that ends first, then priority, then age.

The database orders by the columns of these names, and its index by them, so that there is one line.
"""


class Asks(Protocol):
    """What is asked of an agent, apart from the need."""

    @property
    def channel(self) -> Channel: ...
    @property
    def language(self) -> str: ...
    @property
    def skills(self) -> Mapping[str, int]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchGroup:
    """Contacts that ask the same of an agent, whatever the amount of their needs.

    `purse` is the authority their needs are taken from; None for contacts without a need.
    """

    queue_id: str
    channel: Channel
    language: str
    purse: Purse | None = None
    skills: Mapping[str, int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The group as one word of its table; skills are its queue's."""
        return " ".join((self.queue_id, self.channel, self.language, *(self.purse or ())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A contact that waits, and what it takes. `skills` are its queue's, with their least levels.

    Priority 1 is the most urgent and 9 the least. Who `declined` is asked again only when everybody
    able has declined, and not before the moment in `ask_again_at`; who is `excluded` is not.
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
    ask_again_at: Mapping[str, datetime] = field(default_factory=dict)
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
    return place_all(waiting, Crowd(agents, now), now)


def place_all(waiting: Sequence[Waiting], crowd: Crowd, now: datetime) -> list[Placement]:
    """As `match` does, among agents who are gathered already; they go to the end of their line."""
    line = sorted(waiting, key=place_in_line)
    return [placed for contact in line if (placed := _place(contact, crowd, now))]


def place_in_line(contact: Waiting) -> tuple[tuple[bool, Any], ...]:
    """What contacts are sorted by: `LINE` as a key."""
    return tuple(_place_by(getattr(contact, name), direction) for name, direction in LINE)


def _place_by(value: Any, direction: Direction) -> tuple[bool, Any]:
    """Only numbers and truths can be turned round, and no descending column of the line is null."""
    if direction is Direction.DESCENDING:
        return False, -value
    return value is None, 0 if value is None else value


def _place(contact: Waiting, crowd: Crowd, now: datetime) -> Placement | None:
    """Choose an agent and take one of their slots; None if nobody can take it now."""
    left, passed = crowd.everybody, dict[PassedOver, int]()
    for reason, criterion in CRITERIA.items():
        meeting = criterion(contact, crowd)
        passed[reason], left = left & ~meeting, left & meeting
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


def serving(asks: Asks, crowd: Crowd) -> int:
    """Who is ready, skilled and speaks the language, whatever they may grant and hold."""
    return _present(asks, crowd) & _skilled(asks, crowd) & _speaking(asks, crowd)


def _present(_asks: Asks, crowd: Crowd) -> int:
    return crowd.ready()


def _skilled(asks: Asks, crowd: Crowd) -> int:
    return crowd.skilled(asks.skills)


def _speaking(asks: Asks, crowd: Crowd) -> int:
    """Who speaks it; everybody, if no agent with the skills does: better somebody than nobody."""
    speakers = crowd.speaking(asks.language)
    return speakers if speakers & _skilled(asks, crowd) else crowd.everybody


def _empowered(contact: Waiting, crowd: Crowd) -> int:
    return crowd.empowered(contact.need)


def _with_room(asks: Asks, crowd: Crowd) -> int:
    return crowd.with_room(asks.channel)


def _willing(contact: Waiting, crowd: Crowd) -> int:
    """Who has not declined; when everybody able has, whoever's pause is over. Never who is excluded."""
    asked = crowd.everybody & ~crowd.members(contact.excluded)
    if not contact.declined:
        return asked
    willing = asked & ~crowd.members(contact.declined)
    able = serving(contact, crowd) & _empowered(contact, crowd)
    return willing if able & willing else asked & ~crowd.members(_pausing(contact, crowd.now))


def _pausing(contact: Waiting, now: datetime) -> Iterable[str]:
    return (agent_id for agent_id, moment in contact.ask_again_at.items() if moment > now)


CRITERIA: Mapping[PassedOver, Callable[[Waiting, Crowd], int]] = {
    PassedOver.PRESENCE: _present,
    PassedOver.SKILL: _skilled,
    PassedOver.LANGUAGE: _speaking,
    PassedOver.AUTHORITY: _empowered,
    PassedOver.CAPACITY: _with_room,
    PassedOver.DECLINED: _willing,
}
"""What an agent must meet, in the order in which it is asked: who does, and what the others count as."""


def _named(chosen: int, passed: Mapping[PassedOver, int], crowd: Crowd) -> tuple[Candidate, ...]:
    """The chosen agent, then those who came nearest: the last test they failed came latest."""
    named = [Candidate(agent_id=crowd.line[chosen].agent_id)]
    for why in reversed(PassedOver):
        for at in places(passed[why]):
            if len(named) == NAMED:
                return tuple(named)
            named.append(Candidate(agent_id=crowd.line[at].agent_id, passed_over=why))
    return tuple(named)
