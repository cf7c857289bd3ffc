"""The decision: which waiting contact is offered to which agent, and why to this one.

Contacts are asked in the order of `place_in_line`, agents in the order of `PassedOver`; among those
who stand every test, the previous agent of reopened work comes first, then the longest idle.
Sets of agents are the bits of an integer, the lowest bit being the longest idle.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

from services.routing.domain.authority import Powers
from shared.contracts.routing import Candidate, PassedOver, Presence
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
class Agent:
    """An agent as the match sees them; `free` lists the free slots of each channel."""

    agent_id: str
    presence: Presence
    idle_since: datetime
    skills: Mapping[str, int] = field(default_factory=dict)
    languages: Collection[str] = ()
    powers: Powers = field(default_factory=Powers)
    free: Mapping[Channel, Sequence[int]] = field(default_factory=dict)


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
    crowd = _Crowd(agents, now)
    return [
        placed for contact in sorted(waiting, key=place_in_line) if (placed := crowd.place(contact))
    ]


def place_in_line(contact: Waiting) -> tuple[bool, datetime, int, datetime, UUID]:
    """Reopened work first, then the promise that ends first, then priority, then age."""
    return (
        not contact.precedence,
        contact.promise_due_at or _NEVER,
        contact.priority,
        contact.received_at,
        contact.contact_id,
    )


class _Crowd:
    """All agents during one pass: each placement takes a slot and sends its agent to the end."""

    def __init__(self, agents: Sequence[Agent], now: datetime) -> None:
        self._line = sorted(agents, key=lambda agent: (agent.idle_since, agent.agent_id))
        self._bit = {agent.agent_id: 1 << at for at, agent in enumerate(self._line)}
        self._all = (1 << len(self._line)) - 1
        self._now = now
        self._known: dict[object, int] = {}
        self._free: dict[tuple[int, Channel], list[int]] = {}
        self._room: dict[Channel, int] = {}
        self._fresh = self._all
        self._served: dict[int, int] = {}
        self._turns = count()

    def place(self, contact: Waiting) -> Placement | None:
        """Choose an agent and take one of their slots; None if nobody can take it now."""
        left, passed = self._all, dict[PassedOver, int]()
        for reason, stand in self._tests(contact):
            passed[reason], left = left & ~stand, left & stand
        if not left:
            return None
        chosen = self._first(left, contact.preferred_agent)
        passed[PassedOver.LESS_FIT] = left & ~(1 << chosen)
        return self._take(contact, chosen, passed)

    def _tests(self, contact: Waiting) -> list[tuple[PassedOver, int]]:
        """Each reason to pass an agent over, with those who stand that test."""
        skilled = self._skilled(contact.skills)
        tests = [
            (PassedOver.PRESENCE, self._who("ready", lambda a: a.presence is Presence.READY)),
            (PassedOver.SKILL, skilled),
            (PassedOver.LANGUAGE, self._speaking(contact.language, skilled)),
            (PassedOver.AUTHORITY, self._empowered(contact.need)),
        ]
        able = self._all
        for _, stand in tests:
            able &= stand
        room = self._with_room(contact.channel)
        return [
            *tests,
            (PassedOver.CAPACITY, room),
            (PassedOver.DECLINED, self._willing(contact, able)),
        ]

    def _skilled(self, skills: Mapping[str, int]) -> int:
        found = self._all
        for name, level in skills.items():
            found &= self._who(("skill", name, level), _at_least(name, level))
        return found

    def _speaking(self, language: str, skilled: int) -> int:
        """Who speaks it; everybody, if no agent with the skills does: better somebody than nobody."""
        speakers = self._who(("speaks", language), lambda a: language in a.languages)
        return speakers if speakers & skilled else self._all

    def _empowered(self, need: Need | None) -> int:
        if need is None:
            return self._all
        now = self._now
        return self._who(need, lambda a: a.powers.limit_for(need, now) is not None)

    def _with_room(self, channel: Channel) -> int:
        if channel not in self._room:
            self._room[channel] = self._who(channel, lambda a: bool(a.free.get(channel)))
        return self._room[channel]

    def _willing(self, contact: Waiting, able: int) -> int:
        """Who has not declined; all able who are not excluded, when every one of them has."""
        asked = self._all & ~self._members(contact.excluded)
        willing = asked & ~self._members(contact.declined)
        return willing if able & willing else asked

    def _first(self, left: int, preferred: str | None) -> int:
        """The preferred agent, else the longest idle, else who was served longest ago in this pass."""
        wanted = left & self._members((preferred,) if preferred else ())
        if wanted or (wanted := left & self._fresh):
            return _lowest(wanted)
        return min(_bits(left), key=self._served.__getitem__)

    def _take(self, contact: Waiting, chosen: int, passed: dict[PassedOver, int]) -> Placement:
        agent, need = self._line[chosen], contact.need
        self._fresh &= ~(1 << chosen)
        self._served[chosen] = next(self._turns)
        return Placement(
            contact_id=contact.contact_id,
            agent_id=agent.agent_id,
            slot=self._slot(chosen, contact.channel),
            authority_limit=agent.powers.limit_for(need, self._now) if need else None,
            candidates=self._named(chosen, passed),
            passed_over={why: some.bit_count() for why, some in passed.items() if some},
        )

    def _slot(self, chosen: int, channel: Channel) -> int:
        """The lowest free slot, now taken."""
        free = self._free.setdefault((chosen, channel), sorted(self._line[chosen].free[channel]))
        slot = free.pop(0)
        if not free:
            self._room[channel] &= ~(1 << chosen)
        return slot

    def _named(self, chosen: int, passed: dict[PassedOver, int]) -> tuple[Candidate, ...]:
        """The chosen agent, then those who came nearest: the last test they failed came latest."""
        named = [Candidate(agent_id=self._line[chosen].agent_id)]
        for why in reversed(PassedOver):
            for at in _bits(passed[why]):
                if len(named) == NAMED:
                    return tuple(named)
                named.append(Candidate(agent_id=self._line[at].agent_id, passed_over=why))
        return tuple(named)

    def _members(self, agent_ids: Collection[str]) -> int:
        found = 0
        for agent_id in agent_ids:
            found |= self._bit.get(agent_id, 0)
        return found

    def _who(self, key: object, test: Callable[[Agent], bool]) -> int:
        """The agents who stand a test; asked once a pass for each distinct `key`."""
        if key not in self._known:
            answers = "".join("1" if test(agent) else "0" for agent in reversed(self._line))
            self._known[key] = int(answers or "0", 2)
        return self._known[key]


def _at_least(name: str, level: int) -> Callable[[Agent], bool]:
    return lambda agent: agent.skills.get(name, 0) >= level


def _lowest(some: int) -> int:
    return (some & -some).bit_length() - 1


def _bits(some: int) -> Iterator[int]:
    while some:
        yield _lowest(some)
        some &= some - 1
