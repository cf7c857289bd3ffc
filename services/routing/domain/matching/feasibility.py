"""Which match groups anybody could take something of now, and up to what amount.

A pass looks at a limited number of contacts, so those that nobody could be offered must not count.
This is a bound and no decision: it may let through too much, and never leaves out what `match` would
place.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from services.routing.domain.matching.agent_pool import AgentPool
from services.routing.domain.matching.criteria import serving
from services.routing.domain.matching.model import MatchGroup

NAMED = 16
"""Agents who are named for a group; of the others only the largest amount is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Able:
    """An agent who may take contacts of a group: up to which amount, and whether now."""

    agent_id: str
    available: int
    free: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Feasible:
    """A group somebody could take something of now: `largest` is the most that anybody free may grant.

    `able` names those who may grant the most, the busy ones too; `beyond` is the most that anybody
    free may grant who is not named, 0 without one.
    """

    group: MatchGroup
    largest: int
    beyond: int
    able: tuple[Able, ...]


def feasible(
    groups: Iterable[MatchGroup], pool: AgentPool, *, named: int = NAMED
) -> dict[str, Feasible]:
    """The groups that somebody could take something of, by their keys."""
    found = ((group.key, _feasible(group, pool, named)) for group in groups)
    return {key: each for key, each in found if each is not None}


def _feasible(group: MatchGroup, pool: AgentPool, named: int) -> Feasible | None:
    able = serving(group, pool)
    free = able & pool.with_room(group.channel)
    if not free:
        return None
    available = pool.available(group.budget_key)
    line = (at for at in available if able >> at & 1)
    first = list(islice(line, named))
    beyond = next((available[at] for at in line if free >> at & 1), 0)
    largest = next((available[at] for at in first if free >> at & 1), beyond)
    if not largest:
        return None
    names = tuple(
        Able(agent_id=pool.line[at].agent_id, available=available[at], free=bool(free >> at & 1))
        for at in first
    )
    return Feasible(group=group, largest=largest, beyond=beyond, able=names)
