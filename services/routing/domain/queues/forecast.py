"""How long a contact that arrives now will wait: from the queue's load and recent experience."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from typing import NamedTuple

from services.routing.domain.agents.model import Agent
from shared.contracts.routing import Forecast, Presence, QueueChanged

_Z80 = 0.8416
_CHANGE, _SECONDS = 0.2, 5.0
ENOUGH = 10
"""As many times as a forecast rests on: of ten, one lies above the 80th percentile in 9 cases of 10
(1 - 0.8 ** 10). Of fewer, lucky ones would make promises that those after them break."""


class Recent(NamedTuple):
    """The newest waiting and handling times of a queue, in seconds."""

    waits: Sequence[float] = ()
    handling: Sequence[float] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLoad:
    """What is known of a queue: contacts waiting, agents ready who could take one, their slots (all
    and free), and the newest handling and waiting times in seconds."""

    waiting: int
    agents_ready: int
    slots: int
    free: int
    handling: Sequence[float] = ()
    waits: Sequence[float] = ()


def load_of(
    queue: QueueChanged,
    agents: Iterable[Agent],
    capacity: Mapping[str, int],
    *,
    waiting: int,
    recent: Recent,
) -> QueueLoad:
    """The load of a queue. An agent counts with the channel on which they have the most room."""
    able = [agent for agent in agents if _is_able(agent, queue)]
    return QueueLoad(
        waiting=waiting,
        agents_ready=len(able),
        slots=sum(capacity.get(agent.agent_id, 0) for agent in able),
        free=sum(agent.room for agent in able),
        handling=recent.handling,
        waits=recent.waits,
    )


def forecast(load: QueueLoad, now: datetime) -> Forecast | None:
    """Median and 80th percentile; None where too little is known, so that no number is made up.

    With a slot free for everybody who waits, recent waits tell. Otherwise the newcomer waits until as
    many slots have come free as there are contacts ahead: a gamma distribution, whose quantiles the
    Wilson-Hilferty formula gives. A full queue never looks better than what was just lived through.
    """
    if not load.agents_ready or len(load.waits) < ENOUGH:
        return None
    p50, p80 = _quantile(load.waits, 0.5), _quantile(load.waits, 0.8)
    ahead = load.waiting - load.free + 1
    if ahead > 0:
        if len(load.handling) < ENOUGH or not load.slots:
            return None
        each = sum(load.handling) / len(load.handling) / load.slots
        p50, p80 = max(p50, each * _gamma(ahead, 0.0)), max(p80, each * _gamma(ahead, _Z80))
    return Forecast(
        wait_seconds_p50=round(p50, 1),
        wait_seconds_p80=round(p80, 1),
        waiting=load.waiting,
        agents_ready=load.agents_ready,
        as_of=now,
    )


def changed(published: Forecast | None, found: Forecast | None) -> bool:
    """Whether the difference matters to somebody who waits: a fifth, and five seconds at least."""
    if published is None or found is None:
        return published is not found
    return any(
        abs(new - old) > max(_SECONDS, _CHANGE * old)
        for old, new in (
            (published.wait_seconds_p50, found.wait_seconds_p50),
            (published.wait_seconds_p80, found.wait_seconds_p80),
        )
    )


def _is_able(agent: Agent, queue: QueueChanged) -> bool:
    skilled = all(agent.skills.get(name, 0) >= level for name, level in queue.skills.items())
    speaks = not queue.languages or not set(queue.languages).isdisjoint(agent.languages)
    return agent.presence is Presence.READY and skilled and speaks


def _gamma(shape: int, z: float) -> float:
    return shape * max(0.0, 1 - 1 / (9 * shape) + z / (3 * sqrt(shape))) ** 3


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
