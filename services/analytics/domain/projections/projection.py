"""How an event changes a fact, made so that no order can matter.

A publisher's file says what an event alone makes known. Only `projection` joins that to what was
known, so every projection is a join; the table of handlers takes no function without it.
"""

from collections.abc import Callable
from functools import wraps
from typing import TypeAlias, TypeVar
from uuid import UUID

from services.analytics.domain.facts import Fact, merge
from shared.contracts.cloudevents import Incoming
from shared.contracts.decision import Decision
from shared.contracts.event import Event

E = TypeVar("E", bound=Event)
Projection: TypeAlias = Callable[[Fact, Incoming[E], None], Decision[Fact]]
"""(what is known of the contact, the event, no scene) → what is known then."""


def projection(known: Callable[[E, UUID], Fact]) -> Projection[E]:
    """The projection that joins what `known` makes of an event and its id to what was known before."""

    @wraps(known)
    def project(fact: Fact, event: Incoming[E], _: None) -> Decision[Fact]:
        return Decision(merge(fact, known(event.data, event.id)))

    return project
