"""What the topic cards say is what the code does: who consumes a topic, and who publishes to it."""

import ast
from collections.abc import Collection, Iterable, Iterator
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
from tests.support.subscriptions import subscriptions_of

ROOT = Path(__file__).parents[2]
NAMED = {payload.__name__: payload for payload in REGISTRY.values()}
FOR_OUTSIDE = f"For {topics.READERS}."

Payload = type[Event]


def consumed_by(service: str) -> frozenset[Payload]:
    return frozenset().union(*(each.wanted for each in subscriptions_of(service)))


def published_by(service: str) -> frozenset[Payload]:
    sources = (ROOT / "services" / service).rglob("*.py")
    return frozenset(
        payload for source in sources for payload in made_in(source.read_text(), service)
    )


def made_in(source: str, service: str) -> Iterator[Payload]:
    """Events made here: called, chosen to be called, or read back from the service's own tables.

    What is read back as another service's state is a read model, and is not published.
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


def wrong_consumers(service: str, consumed: Collection[str], cards: Iterable[Topic]) -> list[str]:
    """Where a card and the subscriptions of a service differ."""
    return [
        f"{card.name}: the card says {service in card.consumers}, the code {card.name in consumed}"
        for card in cards
        if (service in card.consumers) != (card.name in consumed)
    ]


def idle(subscription: Subscription) -> list[str]:
    """Topics read in vain, and events waited for where they never come."""
    carried = {topic_of(payload) for payload in subscription.wanted}
    return sorted(topic.name for topic in carried ^ set(subscription.topics))


def unconsumed(events: Iterable[Payload], consumed: Collection[Payload]) -> list[str]:
    """Events that no service consumes and that do not say for whom they are; or that say it wrongly."""
    return [
        type_of(event)
        for event in events
        if (event in consumed) == (FOR_OUTSIDE in " ".join((event.__doc__ or "").split()))
    ]


def wrong_producers(
    service: str, published: Collection[Payload], cards: Iterable[Topic]
) -> list[str]:
    """Topics published to without their card's knowing it, and cards whose producer is silent."""
    used = {topic_of(payload).name for payload in published}
    return [card.name for card in cards if (service in card.producers) != (card.name in used)]


@pytest.mark.parametrize("service", topics.SERVICES)
def test_a_service_consumes_the_topics_whose_cards_name_it(service: str) -> None:
    consumed = {topic.name for each in subscriptions_of(service) for topic in each.topics}
    assert wrong_consumers(service, consumed, topics.LIVE) == []


def test_a_card_that_names_the_wrong_reader_is_noticed() -> None:
    forgotten = msgspec.structs.replace(topics.CONTACTS, consumers=(topics.ROUTING,))
    invented = msgspec.structs.replace(topics.INBOX, consumers=(topics.ANALYTICS,))
    faults = wrong_consumers(topics.ANALYTICS, {topics.CONTACTS.name}, (forgotten, invented))
    assert [fault.partition(":")[0] for fault in faults] == ["rapport.contacts", "rapport.inbox"]


@pytest.mark.parametrize("service", topics.SERVICES)
def test_a_service_reads_no_topic_in_vain_and_waits_for_nothing_that_never_comes(
    service: str,
) -> None:
    assert [fault for each in subscriptions_of(service) for fault in idle(each)] == []


def test_a_topic_read_in_vain_is_noticed() -> None:
    (whole,) = subscriptions_of(topics.ANALYTICS)
    too_many = Subscription((*whole.topics, topics.AGENTS), whole.wanted, whole.handle)
    too_few = Subscription(whole.topics[1:], whole.wanted, whole.handle)
    assert idle(too_many) == [topics.AGENTS.name]
    assert idle(too_few) == [whole.topics[0].name]


@pytest.mark.parametrize("service", topics.SERVICES)
def test_what_outsiders_send_wrong_has_a_place_in_every_service_that_reads_them(
    service: str,
) -> None:
    assert unguarded(subscriptions_of(service)) == []


def test_a_topic_of_outsiders_without_a_quarantine_is_noticed() -> None:
    inbox = Subscription((topics.INBOX,), frozenset(), MagicMock())
    assert unguarded([inbox]) == [topics.INBOX.name]


def unguarded(subscriptions: Iterable[Subscription]) -> list[str]:
    """Topics on which a stranger's mistakes would become dead letters."""
    return [
        topic.name
        for each in subscriptions
        for topic in each.topics
        if topics.OUTSIDE in topic.producers and each.quarantine is None
    ]


def test_subscriptions_of_one_service_want_different_events() -> None:
    for service in topics.SERVICES:
        wanted = [event for each in subscriptions_of(service) for event in each.wanted]
        assert len(wanted) == len(set(wanted)), service


def test_every_event_is_consumed_or_says_that_it_is_for_outside() -> None:
    consumed = frozenset().union(*map(consumed_by, topics.SERVICES))
    assert unconsumed(REGISTRY.values(), consumed) == []


def test_an_event_that_nobody_consumes_is_noticed() -> None:
    assert unconsumed([ContactReceived], []) == ["rapport.contact.received.v1"]
    assert unconsumed([OfferMade], [OfferMade]) == ["rapport.offer.made.v1"]


@pytest.mark.parametrize("service", topics.SERVICES)
def test_a_service_publishes_to_the_topics_that_are_its_own_and_nowhere_else(
    service: str,
) -> None:
    assert wrong_producers(service, published_by(service), topics.LIVE) == []


def test_every_event_of_ours_is_published_by_somebody() -> None:
    published = frozenset().union(*map(published_by, topics.SERVICES))
    silent = {payload for payload in REGISTRY.values() if payload not in published}
    assert {topic_of(payload).producers for payload in silent} <= {(topics.OUTSIDE,)}


def test_an_event_published_where_it_does_not_belong_is_noticed() -> None:
    planted = "events = [caused_by(cause, intake.ContactReceived(contact_id=cause.subject))]"
    made = list(made_in(planted, topics.FOLLOWUP))
    assert made == [ContactReceived]
    assert wrong_producers(topics.FOLLOWUP, made, (topics.CONTACTS,)) == ["rapport.contacts"]
    assert wrong_producers(topics.INTAKE, [], (topics.CONTACTS,)) == ["rapport.contacts"]


def test_a_read_model_of_another_service_is_not_taken_for_its_event() -> None:
    read = "queue = msgspec.convert(row, QueueChanged)"
    assert list(made_in(read, topics.INTAKE)) == []
    assert [type_of(payload) for payload in made_in(read, topics.ROUTING)] == [
        "rapport.queue.changed.v1"
    ]


def test_no_two_events_have_one_name() -> None:
    assert len(NAMED) == len(REGISTRY)
    assert {payload.__module__ for payload in NAMED.values()} == {each.__name__ for each in MODULES}
