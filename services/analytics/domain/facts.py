"""What is known of one contact, and how two pieces of knowledge become one.

A `Fact` only ever grows. Every field is joined by union, by the earliest or by the latest value, so
`merge` is commutative, associative and idempotent: order of arrival and duplicates change nothing.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

CONFIRMED, REFUTED, UNREFUTED = "confirmed", "refuted", "unrefuted"
"""How a claimed resolution ends."""


class Received(NamedTuple):
    """When and where the contact began; `automatic` mail is never answered."""

    at: datetime
    channel: str
    automatic: bool


class Queued(NamedTuple):
    """One entry into a queue, with the target that the queue had then."""

    at: datetime
    queue_id: str
    reason: str
    target_seconds: int


class Ending(NamedTuple):
    """How something ended. Ordered by time, so that the latest word stands."""

    at: datetime
    outcome: str


class Claim(NamedTuple):
    """A claimed resolution: the how-manieth of this contact, after how many agents' turns."""

    at: datetime
    number: int
    assignments: int


class Answer(NamedTuple):
    """What the customer answered to a check-in; `csat` is 1 to 5, or 0 where none was given."""

    at: datetime
    csat: int


class Action(NamedTuple):
    """Authority spent, in minor units of the currency."""

    kind: str
    currency: str
    amount: int
    limit: int


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One contact. Maps are keyed by the id of what they tell of; nothing here is personal data."""

    received: Received | None = None
    queued: frozenset[Queued] = frozenset()
    assigned: dict[UUID, datetime] = {}
    ended: dict[UUID, Ending] = {}
    promised: frozenset[UUID] = frozenset()
    promises: dict[UUID, Ending] = {}
    replies: frozenset[UUID] = frozenset()
    replies_sent: dict[UUID, datetime] = {}
    replies_failed: frozenset[UUID] = frozenset()
    claims: dict[UUID, Claim] = {}
    resolutions: dict[UUID, Ending] = {}
    scheduled: frozenset[UUID] = frozenset()
    asked: frozenset[UUID] = frozenset()
    skipped: dict[UUID, Ending] = {}
    answers: dict[UUID, Answer] = {}
    actions: dict[UUID, Action] = {}
    refusals: frozenset[UUID] = frozenset()


NOTHING = Fact()
T = TypeVar("T", bound=Any)


def union(one: frozenset[T], other: frozenset[T]) -> frozenset[T]:
    """Everything that either holds."""
    return one | other


def first_of_each(one: dict[UUID, T], other: dict[UUID, T]) -> dict[UUID, T]:
    """Both maps; where both know an id, the smaller value."""
    return _joined(one, other, min)


def last_of_each(one: dict[UUID, T], other: dict[UUID, T]) -> dict[UUID, T]:
    """Both maps; where both know an id, the larger value."""
    return _joined(one, other, max)


def _joined(one: dict[UUID, T], other: dict[UUID, T], choose: Callable[[T, T], T]) -> dict[UUID, T]:
    both = {key: choose(one[key], value) for key, value in other.items() if key in one}
    return {**one, **other, **both}


JOINS: Mapping[str, Callable[[Any, Any], Any]] = {
    "received": min,
    "queued": union,
    "assigned": first_of_each,
    "ended": last_of_each,
    "promised": union,
    "promises": last_of_each,
    "replies": union,
    "replies_sent": first_of_each,
    "replies_failed": union,
    "claims": first_of_each,
    "resolutions": last_of_each,
    "scheduled": union,
    "asked": union,
    "skipped": last_of_each,
    "answers": last_of_each,
    "actions": first_of_each,
    "refusals": union,
}


def merge(fact: Fact, incoming: Fact) -> Fact:
    """The least fact that holds both. Neither argument is changed."""
    grown: dict[str, Any] = {}
    for name, join in JOINS.items():
        new = getattr(incoming, name)
        if new:
            old = getattr(fact, name)
            grown[name] = join(old, new) if old else new
    return msgspec.structs.replace(fact, **grown) if grown else fact
