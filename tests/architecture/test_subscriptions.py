"""What the topic cards say is what the code does: who hears which topic, and who says what on it."""

import ast
from collections.abc import Collection, Iterable, Iterator, Sequence
from importlib import import_module
from inspect import signature
from pathlib import Path
from unittest.mock import MagicMock

import msgspec
import pytest

from shared.contracts import topics
from shared.contracts.cloudevents import MODULES
from shared.contracts.event import REGISTRY, Event, topic_of, type_of
from shared.contracts.intake import ContactReceived
from shared.contracts.routing import OfferMade
from shared.contracts.topics import Topic
from shared.messaging.consumer.subscription import Subscription

ROOT = Path(__file__).parents[2]
NAMED = {payload.__name__: payload for payload in REGISTRY.values()}
FOR_OUTSIDE = f"For {topics.READERS}."

Payload = type[Event]


def subscriptions_of(service: str) -> Sequence[Subscription]:
    """The service's ears; what they are wired to plays no part here."""
    ears = import_module(f"services.{service}.entrypoints.consumer")
    if hasattr(ears, "SUBSCRIPTIONS"):
        return tuple(ears.SUBSCRIPTIONS)
    wires = [MagicMock() for _ in signature(ears.subscriptions).parameters]
    return tuple(ears.subscriptions(*wires))


def heard_by(service: str) -> frozenset[Payload]:
    return frozenset().union(*(each.wanted for each in subscriptions_of(service)))


def said_by(service: str) -> frozenset[Payload]:
    sources = (ROOT / "services" / service).rglob("*.py")
    return frozenset(
        payload for source in sources for payload in said_in(source.read_text(), service)
    )


def said_in(source: str, service: str) -> Iterator[Payload]:
    """Events made here: called, chosen to be called, or read back from the service's own tables.

    What is read back as another service's state is a read model, and nobody's word.
    """
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(attr="convert"), args=[_, read]):
                yield from (each for each in _events(read) if _home(each) == service)
            case ast.Call(func=made):
                yield from _events(made)
            case ast.IfExp(body=one, orelse=other):
                yield from _events(one, other)


def _events(*nodes: ast.expr) -> Iterator[Payload]:
    names = (getattr(node, "attr", getattr(node, "id", "")) for node in nodes)
    yield from (NAMED[name] for name in names if name in NAMED)


def _home(payload: Payload) -> str:
    return payload.__module__.rpartition(".")[2]


def misheard(service: str, heard: Collection[str], cards: Iterable[Topic]) -> list[str]:
    """Where a card and the ears of a service differ."""
    return [
        f"{card.name}: the card says {service in card.consumers}, the ears {card.name in heard}"
        for card in cards
        if (service in card.consumers) != (card.name in heard)
    ]


def idle(subscription: Subscription) -> list[str]:
    """Topics read in vain, and events waited for where they never come."""
    carried = {topic_of(payload) for payload in subscription.wanted}
    return sorted(topic.name for topic in carried ^ set(subscription.topics))


def unheard(events: Iterable[Payload], heard: Collection[Payload]) -> list[str]:
    """Events that no service hears and that do not say for whom they are; or that say it wrongly."""
    return [
        type_of(event)
        for event in events
        if (event in heard) == (FOR_OUTSIDE in " ".join((event.__doc__ or "").split()))
    ]


def misspoken(service: str, said: Collection[Payload], cards: Iterable[Topic]) -> list[str]:
    """Events said on a topic whose card does not know it, and cards whose producer is silent."""
    told_on = {topic_of(payload).name for payload in said}
    return [card.name for card in cards if (service in card.producers) != (card.name in told_on)]


@pytest.mark.parametrize("service", topics.SERVICES)
def test_a_service_hears_the_topics_whose_cards_name_it(service: str) -> None:
    heard = {topic.name for each in subscriptions_of(service) for topic in each.topics}
    assert misheard(service, heard, topics.LIVE) == []


def test_a_card_that_names_the_wrong_reader_is_noticed() -> None:
    forgotten = msgspec.structs.replace(topics.CONTACTS, consumers=(topics.ROUTING,))
    invented = msgspec.structs.replace(topics.INBOX, consumers=(topics.ANALYTICS,))
    faults = misheard(topics.ANALYTICS, {topics.CONTACTS.name}, (forgotten, invented))
    assert [fault.partition(":")[0] for fault in faults] == ["rapport.contacts", "rapport.inbox"]


@pytest.mark.parametrize("service", topics.SERVICES)
def test_a_service_reads_no_topic_in_vain_and_waits_for_nothing_that_never_comes(
    service: str,
) -> None:
    assert [fault for each in subscriptions_of(service) for fault in idle(each)] == []


def test_a_topic_read_in_vain_is_noticed() -> None:
    (ears,) = subscriptions_of(topics.ANALYTICS)
    nosy = Subscription((*ears.topics, topics.AGENTS), ears.wanted, ears.handle)
    deaf = Subscription(ears.topics[1:], ears.wanted, ears.handle)
    assert idle(nosy) == [topics.AGENTS.name]
    assert idle(deaf) == [ears.topics[0].name]


def test_subscriptions_of_one_service_want_different_events() -> None:
    for service in topics.SERVICES:
        wanted = [event for each in subscriptions_of(service) for event in each.wanted]
        assert len(wanted) == len(set(wanted)), service


def test_every_event_is_heard_or_says_that_it_is_for_outside() -> None:
    heard = frozenset().union(*map(heard_by, topics.SERVICES))
    assert unheard(REGISTRY.values(), heard) == []


def test_an_event_that_nobody_hears_is_noticed() -> None:
    assert unheard([ContactReceived], []) == ["rapport.contact.received.v1"]
    assert unheard([OfferMade], [OfferMade]) == ["rapport.offer.made.v1"]


@pytest.mark.parametrize("service", topics.SERVICES)
def test_a_service_says_something_on_the_topics_that_are_its_own_and_nothing_elsewhere(
    service: str,
) -> None:
    assert misspoken(service, said_by(service), topics.LIVE) == []


def test_every_event_of_ours_is_said_by_somebody() -> None:
    said = frozenset().union(*map(said_by, topics.SERVICES))
    silent = {payload for payload in REGISTRY.values() if payload not in said}
    assert {topic_of(payload).producers for payload in silent} <= {(topics.OUTSIDE,)}


def test_an_event_said_where_it_does_not_belong_is_noticed() -> None:
    planted = "told = [caused_by(cause, intake.ContactReceived(contact_id=cause.subject))]"
    said = list(said_in(planted, topics.FOLLOWUP))
    assert said == [ContactReceived]
    assert misspoken(topics.FOLLOWUP, said, (topics.CONTACTS,)) == ["rapport.contacts"]
    assert misspoken(topics.INTAKE, [], (topics.CONTACTS,)) == ["rapport.contacts"]


def test_a_read_model_of_another_service_is_not_taken_for_its_word() -> None:
    read = "queue = msgspec.convert(row, QueueChanged)"
    assert list(said_in(read, topics.INTAKE)) == []
    assert [type_of(payload) for payload in said_in(read, topics.ROUTING)] == [
        "rapport.queue.changed.v1"
    ]


def test_no_two_events_have_one_name() -> None:
    assert len(NAMED) == len(REGISTRY)
    assert {payload.__module__ for payload in NAMED.values()} == {each.__name__ for each in MODULES}
