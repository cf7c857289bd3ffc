"""How an event changes a fact: typed per event, and made so that no order can matter.

A publisher's file says what an event alone makes known. Only `on` joins that to what was known, so
every projection is a join, and whoever adds one cannot forget it.
"""

from collections.abc import Callable
from typing import TypeAlias, TypeVar
from uuid import UUID

from services.analytics.domain.facts import Fact, merge
from shared.contracts.event import Event

E = TypeVar("E", bound=Event)
Projection: TypeAlias = Callable[[Fact, Event, UUID], Fact]
"""(what is known of the contact, the event, the event's id) -> what is known then."""


def on(kind: type[E], known: Callable[[E, UUID], Fact]) -> tuple[type[Event], Projection]:
    """A row of the table: events of this kind are projected by joining in what they make known."""

    def project(fact: Fact, event: Event, event_id: UUID) -> Fact:
        if not isinstance(event, kind):
            raise TypeError(f"{type(event).__name__} is no {kind.__name__}")
        return merge(fact, known(event, event_id))

    return kind, project
