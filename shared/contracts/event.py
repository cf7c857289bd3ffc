"""What an event is: a payload with a versioned type, a topic and a subject, known to one registry."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

import msgspec

from shared.contracts.topics import Topic


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that happened, told once. Fields may be added with a default; else it is a new major."""


class Card(msgspec.Struct, frozen=True):
    """How one event type travels."""

    type: str
    topic: Topic
    subject: str


E = TypeVar("E", bound=type[Event])
REGISTRY: dict[str, type[Event]] = {}
_CARDS: dict[type[Event], Card] = {}


def event(type_: str, topic: Topic, *, subject: str) -> Callable[[E], E]:
    """Register a payload: `subject` names the field whose value is the aggregate id and the key."""

    def register(payload: E) -> E:
        if type_ in REGISTRY:
            raise ValueError(type_)
        REGISTRY[type_] = payload
        _CARDS[payload] = Card(type_, topic, subject)
        return payload

    return register


def card_of(payload: type[Event]) -> Card:
    """The card of a registered payload."""
    return _CARDS[payload]


def type_of(what: Event | type[Event]) -> str:
    """The CloudEvents `type`, such as `rapport.contact.received.v1`."""
    return _CARDS[what if isinstance(what, type) else type(what)].type


def topic_of(what: Event | type[Event]) -> Topic:
    """The one topic this event is published to."""
    return _CARDS[what if isinstance(what, type) else type(what)].topic


def subject_of(what: Event) -> str:
    """The aggregate this event is about; also its Kafka key."""
    return written(getattr(what, _CARDS[type(what)].subject))


def written(identity: UUID | str) -> str:
    """An identity as text; a quarter of what `str` of a UUID takes."""
    text: str = msgspec.to_builtins(identity)
    return text
