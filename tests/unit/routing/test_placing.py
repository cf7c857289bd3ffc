"""Into which queue, with which need and priority, and in which words."""

from dataclasses import replace

import msgspec

from services.routing.domain.contact.model import ContactState
from services.routing.domain.contact.waiting import place
from shared.contracts.routing import ContactQueued, QueueChanged, QueueTopic
from shared.contracts.values import AuthorityKind, Need
from tests.support.clock import NOON
from tests.unit.routing.test_lifecycle import QUEUE, new_contact

SMALL = Need(kind=AuthorityKind.REFUND, amount=10, currency="EUR")
BIG = Need(kind=AuthorityKind.CREDIT, amount=99, currency="EUR")


def queue(queue_id: str, *topics: QueueTopic, languages: tuple[str, ...] = ()) -> QueueChanged:
    return msgspec.structs.replace(QUEUE, queue_id=queue_id, topics=topics, languages=languages)


def test_without_queues_a_contact_stays_unplaced() -> None:
    contact, events = place(new_contact(), [], NOON)
    assert (contact.state, events) == (ContactState.UNPLACED, ())


def test_the_topic_gives_the_need_unless_the_publisher_stated_one() -> None:
    billing = queue("billing", QueueTopic(topic="billing", need=SMALL))
    contact, _ = place(new_contact(), [billing], NOON)
    assert contact.need == SMALL
    assert place(replace(new_contact(), need=BIG), [billing], NOON)[0].need == BIG


def test_of_both_priorities_the_more_urgent_counts() -> None:
    for given, expected in ((2, 2), (7, 5), (None, 5)):
        topic = QueueTopic(topic="*", priority=given)
        assert place(new_contact(), [queue("any", topic)], NOON)[0].priority == expected


def test_the_rule_is_said_in_words() -> None:
    cases = [
        (queue("a", QueueTopic(topic="billing")), "a takes topic billing, en"),
        (queue("b", QueueTopic(topic="*")), "b takes any topic, en"),
        (
            queue("c", QueueTopic(topic="billing"), languages=("de",)),
            "c takes topic billing, though nobody has a queue for en",
        ),
    ]
    for each, words in cases:
        _, (event,) = place(new_contact(), [each], NOON)
        assert isinstance(event, ContactQueued)
        assert event.rule == words
