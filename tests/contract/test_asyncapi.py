"""The AsyncAPI document is what AsyncAPI says a document is, and says what the cards say."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker

from shared.contracts import topics
from shared.contracts.cloudevents import decode
from shared.contracts.record import EVENT_HEADERS
from tests.contract.asyncapi_schema import official_schema
from tests.support.records import FakeRecord
from tools.contracts.asyncapi import BINARY, document
from tools.contracts.schemas import all_events

Document = dict[str, Any]
SUBMITTED = "rapport.contact.submitted.v1"
COMMITTED = Path(__file__).parents[2] / "docs" / "asyncapi.json"


@pytest.fixture(scope="module")
def official() -> Draft7Validator:
    schema = official_schema()
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


@pytest.fixture
def committed() -> Document:
    content: Document = json.loads(COMMITTED.read_text("utf-8"))
    return content


def test_the_document_satisfies_the_schema_of_asyncapi(
    official: Draft7Validator, committed: Document
) -> None:
    assert [error.message for error in official.iter_errors(committed)] == []


def _unknown_version(bad: Document) -> None:
    bad["asyncapi"] = "3.9.0"


def _misspelt_channels(bad: Document) -> None:
    bad["chanels"] = bad.pop("channels")


def _no_title(bad: Document) -> None:
    del bad["info"]["title"]


def _an_operation_that_shouts(bad: Document) -> None:
    next(iter(bad["operations"].values()))["action"] = "shout"


def _a_topic_with_no_partition(bad: Document) -> None:
    bad["channels"]["rapport.inbox"]["bindings"]["kafka"]["partitions"] = 0


def _a_payload_of_no_type(bad: Document) -> None:
    bad["components"]["schemas"]["ContactReceived"]["type"] = "contact"


@pytest.mark.parametrize(
    "spoil",
    [
        _unknown_version,
        _misspelt_channels,
        _no_title,
        _an_operation_that_shouts,
        _a_topic_with_no_partition,
        _a_payload_of_no_type,
    ],
)
def test_a_bad_document_is_refused(
    official: Draft7Validator, committed: Document, spoil: Callable[[Document], None]
) -> None:
    bad = copy.deepcopy(committed)
    spoil(bad)
    assert not official.is_valid(bad)


def test_every_reference_in_the_document_leads_somewhere(committed: Document) -> None:
    lost = []
    for reference in _references(committed):
        target: Any = committed
        for step in reference.removeprefix("#/").split("/"):
            target = target.get(step, {})
        if not target:
            lost.append(reference)
    assert lost == []


def test_every_topic_is_a_channel_and_every_event_a_message_of_one() -> None:
    events = all_events()
    written = document(events)
    assert list(written["channels"]) == [topic.name for topic in topics.ALL]
    carried = [name for channel in written["channels"].values() for name in channel["messages"]]
    structured = {name for name in carried if not name.endswith(BINARY)}
    assert sorted(structured - {"dead-letter"}) == sorted(events)


def test_what_outsiders_publish_may_come_in_two_modes_and_what_we_publish_in_one() -> None:
    channels = document(all_events())["channels"]
    binary = {
        name: [m for m in it["messages"] if m.endswith(BINARY)] for name, it in channels.items()
    }
    found = {name: messages for name, messages in binary.items() if messages}
    assert found == {"rapport.inbox": ["rapport.contact.submitted.v1.binary"]}


def test_every_example_is_what_its_message_says(committed: Document) -> None:
    assert _wrong_examples(committed) == []


@pytest.mark.parametrize("name", [SUBMITTED, SUBMITTED + BINARY])
def test_an_example_of_another_event_is_noticed(committed: Document, name: str) -> None:
    bad = copy.deepcopy(committed)
    (example,) = bad["components"]["messages"][name]["examples"]
    whole, attribute = (
        (example["headers"], "ce_type") if "headers" in example else (example["payload"], "type")
    )
    whole[attribute] = "rapport.contact.received.v1"
    assert _wrong_examples(bad) == [name]


def test_the_example_in_binary_mode_is_read_as_that_in_structured_mode(committed: Document) -> None:
    messages = committed["components"]["messages"]
    (whole,), (apart,) = messages[SUBMITTED]["examples"], messages[SUBMITTED + BINARY]["examples"]
    headers = [(name, text.encode()) for name, text in apart["headers"].items()]
    binary = FakeRecord(json.dumps(apart["payload"]).encode(), headers)
    structured = FakeRecord(json.dumps(whole["payload"]).encode(), EVENT_HEADERS)
    assert decode(binary) == decode(structured)


def _wrong_examples(written: Document) -> list[str]:
    return [
        name
        for name, message in written["components"]["messages"].items()
        for example in message.get("examples", [])
        if not all(
            _validator(written, message[part]).is_valid(example[part])
            for part in ("headers", "payload")
            if part in example
        )
    ]


def _validator(written: Document, schema: Document) -> Draft202012Validator:
    whole = {"components": written["components"], **schema}
    return Draft202012Validator(whole, format_checker=FormatChecker())


def test_operations_are_what_the_topic_cards_say() -> None:
    listed = {name for name, it in document(all_events())["operations"].items()}
    wanted = {f"{who}.send.{t.name}" for t in topics.ALL for who in t.producers}
    wanted |= {f"{who}.receive.{t.name}" for t in topics.ALL for who in t.consumers}
    assert listed == {name for name in wanted if name.startswith(topics.SERVICES)}


def _references(part: Any) -> list[str]:
    if isinstance(part, list):
        return [reference for item in part for reference in _references(item)]
    if not isinstance(part, dict):
        return []
    own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
    return own + [reference for item in part.values() for reference in _references(item)]
