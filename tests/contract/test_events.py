"""What every event and every topic card must keep to."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from shared.contracts import topics
from shared.contracts.event import Event, card_of
from shared.contracts.topics import Topic
from shared.contracts.values import Line, Personal, Text
from tools.contracts.asyncapi import events_on
from tools.contracts.schemas import all_events, components

Schema = dict[str, Any]
EVENTS = all_events()
every_event = pytest.mark.parametrize("type_", EVENTS)
every_live_topic = pytest.mark.parametrize("topic", topics.LIVE, ids=lambda topic: topic.name)

NAME = re.compile(r"rapport(\.[a-z]+(_[a-z]+)*){2}\.v[1-9][0-9]*")
IRREGULAR = {"sent", "made", "taken"}
OWNERS = {"external": topics.OUTSIDE, "intake": topics.INTAKE, "routing": topics.ROUTING}
OWNERS |= {"followup": topics.FOLLOWUP, "analytics": topics.ANALYTICS}

FREE_TEXT = {
    "ContactSubmitted.reference": "the publisher's own id",
    "ContactSubmitted.time_zone": "a name from the IANA list",
    "ContactReceived.time_zone": "a name from the IANA list",
    "CustomerIdentified.time_zone": "a name from the IANA list",
    "MessageFailed.reason": "a provider's code, said in our words",
    "ContactQueued.rule": "words of the rules",
    "QueueChanged.name": "what a queue is called",
    "QueueTopic.topic": "a word of the centre, or *",
}
TELLING = re.compile(r"name|text|body|comment|address|e?mail|phone|birth|subject|evidence|note")


def personal_leaks(schemas: dict[str, Schema]) -> Iterator[str]:
    """Fields outside personal types that could hold words about a person."""
    for owner, schema in schemas.items():
        for field, value in schema.get("properties", {}).items():
            where = f"{owner}.{field}"
            suspicious = _is_free_text(value) or TELLING.search(field)
            if suspicious and not schema.get("x-personal") and where not in FREE_TEXT:
                yield where


def _is_free_text(value: Schema) -> bool:
    if value.get("type") == "string":
        return not value.keys() & {"format", "enum", "pattern"}
    inner = [*value.get("anyOf", []), value.get("items")]
    return any(_is_free_text(part) for part in inner if isinstance(part, dict))


@every_event
def test_an_event_is_named_for_what_happened_to_what(type_: str) -> None:
    assert NAME.fullmatch(type_)
    participle = type_.split(".")[2]
    assert participle.endswith("ed") or participle in IRREGULAR


@pytest.mark.parametrize(
    "name", ["rapport.contact.received", "contact.received.v1", "rapport.Contact.received.v1"]
)
def test_a_name_of_another_form_is_noticed(name: str) -> None:
    assert not NAME.fullmatch(name)


@every_event
def test_an_event_is_about_an_aggregate_that_is_no_person_by_name(type_: str) -> None:
    schema = components([EVENTS[type_]], "#/{name}")[EVENTS[type_].__name__]
    field = card_of(EVENTS[type_]).subject
    subject = schema["properties"][field]
    assert field in schema["required"]
    assert subject.get("format") == "uuid" or "pattern" in subject or field == "reference"


@every_event
def test_an_event_is_declared_by_a_publisher_of_its_topic(type_: str) -> None:
    module = EVENTS[type_].__module__.rsplit(".", 1)[-1]
    assert OWNERS[module] in card_of(EVENTS[type_]).topic.producers


def test_no_words_about_a_person_stand_outside_personal_types() -> None:
    schemas = components(list(EVENTS.values()), "#/{name}")
    assert list(personal_leaks(schemas)) == []
    fields = {
        f"{owner}.{field}" for owner in schemas for field in schemas[owner].get("properties", {})
    }
    assert FREE_TEXT.keys() <= fields


class _Notes(Personal, frozen=True, kw_only=True):
    """Kept where it belongs."""

    text: Text


class _Leaky(Event, frozen=True, kw_only=True):
    """An event that says too much."""

    remark: Line | None = None
    phone_number: int
    remarks: tuple[Line, ...] = ()
    personal: _Notes


def test_words_about_a_person_outside_personal_types_are_noticed() -> None:
    leaks = sorted(personal_leaks(components([_Leaky], "#/{name}")))
    assert leaks == ["_Leaky.phone_number", "_Leaky.remark", "_Leaky.remarks"]


def test_personal_data_is_marked_in_the_schemas() -> None:
    schemas = components(list(EVENTS.values()), "#/{name}")
    marked = {
        name.rsplit(".", 1)[-1] for name, schema in schemas.items() if schema.get("x-personal")
    }
    fields = {
        value["$ref"].rsplit("/", 1)[-1].rsplit(".", 1)[-1]
        for schema in schemas.values()
        for field, value in schema.get("properties", {}).items()
        if field == "personal"
    }
    assert marked == fields


@every_live_topic
def test_a_topic_has_a_key_producers_consumers_and_events(topic: Topic) -> None:
    assert topic.key
    assert topic.producers
    assert topic.consumers
    assert events_on(topic, EVENTS)


@every_live_topic
def test_a_compacted_topic_tells_one_event_per_key(topic: Topic) -> None:
    if topic.retention_hours is None:
        assert len(events_on(topic, EVENTS)) == 1


def test_no_service_listens_to_what_only_it_says() -> None:
    talks_to_itself = [t.name for t in topics.ALL if set(t.producers) & set(t.consumers)]
    assert talks_to_itself == []


def test_every_service_has_one_place_for_its_dead_letters() -> None:
    assert [topic.producers for topic in topics.DEAD_LETTERS] == [
        (service,) for service in (topics.INTAKE, topics.ROUTING, topics.FOLLOWUP, topics.ANALYTICS)
    ]
