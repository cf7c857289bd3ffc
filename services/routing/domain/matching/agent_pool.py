"""All agents during one pass, as sets: who is ready, skilled, authorized, who has room.

A set of agents is the bits of an integer; the lowest bit is the agent who is idle for the longest. A
set is worked out once a pass, when it is first asked for.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count

from services.routing.domain.agents.authority import UNBOUNDED, BudgetKey
from services.routing.domain.agents.model import Agent
from shared.contracts.routing import Presence
from shared.contracts.values import Channel, Need


class AgentPool:
    """The agents in line. Who is given something goes to the end of it."""

    def __init__(self, agents: Sequence[Agent], now: datetime) -> None:
        self.line = sorted(agents, key=lambda agent: (agent.idle_since, agent.agent_id))
        self.everybody = (1 << len(self.line)) - 1
        self._fresh = self.everybody
        self._bit = {agent.agent_id: 1 << at for at, agent in enumerate(self.line)}
        self.now = now
        self._known: dict[object, int] = {}
        self._available: dict[BudgetKey | None, dict[int, int]] = {}
        self._free: dict[tuple[int, Channel], list[int]] = {}
        self._served: dict[int, int] = {}
        self._turns = count()
        self._levels: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._speakers: dict[str, list[int]] = defaultdict(list)
        for at, agent in enumerate(self.line):
            for language in agent.languages:
                self._speakers[language].append(at)
            for name, level in agent.skills.items():
                self._levels[name].append((level, at))

    def ready(self) -> int:
        """Who can be offered work."""
        return self._set(
            "ready", (at for at, a in enumerate(self.line) if a.presence is Presence.READY)
        )

    def skilled(self, skills: Mapping[str, int]) -> int:
        """Who has every skill, at that level or above."""
        found = self.everybody
        for name, least in skills.items():
            able = (at for level, at in self._levels.get(name, ()) if level >= least)
            found &= self._set(("skill", name, least), able)
        return found

    def speaking(self, language: str) -> int:
        """Who speaks the language."""
        return self._set(("language", language), self._speakers.get(language, ()))

    def authorized(self, need: Need | None) -> int:
        """Who may grant the need now; everybody if there is none."""
        if need is None:
            return self.everybody
        limits = enumerate(agent.authorities.limit_for(need, self.now) for agent in self.line)
        return self._set(need, (at for at, limit in limits if limit is not None))

    def available(self, key: BudgetKey | None) -> Mapping[int, int]:
        """What each may grant now, the largest amount first; whatever is asked where no budget counts."""
        if key not in self._available:
            self._available[key] = self._amounts(key)
        return self._available[key]

    def with_room(self, channel: Channel) -> int:
        """Who has a slot left on the channel."""
        return self._set(channel, (at for at, a in enumerate(self.line) if a.free.get(channel)))

    def members(self, agent_ids: Iterable[str]) -> int:
        """These agents, as far as they exist."""
        found = 0
        for agent_id in agent_ids:
            found |= self._bit.get(agent_id, 0)
        return found

    def first(self, some: int) -> int:
        """The place of the longest idle of some; of whoever was served longest ago, if all were."""
        fresh = some & self._fresh
        return lowest(fresh) if fresh else min(places(some), key=self._served.__getitem__)

    def take_slot(self, at: int, channel: Channel) -> int:
        """The lowest free slot of the agent at this place, now taken; they go to the end."""
        free = self._free.setdefault((at, channel), sorted(self.line[at].free[channel]))
        self._fresh &= ~(1 << at)
        self._served[at] = next(self._turns)
        slot = free.pop(0)
        if not free:
            self._known[channel] = self.with_room(channel) & ~(1 << at)
        return slot

    def _amounts(self, key: BudgetKey | None) -> dict[int, int]:
        if key is None:
            return dict.fromkeys(range(len(self.line)), UNBOUNDED)
        amounts = ((at, a.authorities.available(*key, self.now)) for at, a in enumerate(self.line))
        found = [(at, amount) for at, amount in amounts if amount]
        return dict(sorted(found, key=lambda each: each[1], reverse=True))

    def _set(self, key: object, found: Iterable[int]) -> int:
        """The agents at the places found; `found` is not looked at when the key is known."""
        if key not in self._known:
            marks = bytearray(b"0") * (len(self.line) + 1)
            for at in found:
                marks[-1 - at] = ord("1")
            self._known[key] = int(marks, 2)
        return self._known[key]


def lowest(some: int) -> int:
    """The first place in a set that is not empty."""
    return (some & -some).bit_length() - 1


def places(some: int) -> Iterator[int]:
    """The places in a set, the longest idle first."""
    while some:
        yield lowest(some)
        some &= some - 1
