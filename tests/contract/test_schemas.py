"""Generated files, hand-written examples and models agree with each other."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from shared.contracts import cloudevents
from shared.contracts.event import Event
from tools.contracts import files
from tools.contracts.schemas import EXAMPLES, all_events, example_of, schema_of

EVENTS = all_events()
TIME = re.compile(r"\d{4}-\d\d-\d\dT")
every_event = pytest.mark.parametrize("type_", EVENTS)


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())


def decoded(type_: str, content: Any) -> Event:
    return msgspec.json.decode(msgspec.json.encode(content), type=EVENTS[type_])


def test_the_committed_files_are_what_the_contracts_say() -> None:
    assert files.stale(EVENTS) == []


def test_a_stale_file_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SCHEMAS", tmp_path)
    monkeypatch.setattr(files, "ROOT", tmp_path)
    monkeypatch.setattr(files, "DOCS", tmp_path)
    files.write(files.generated(EVENTS))
    assert files.stale(EVENTS) == []
    (tmp_path / "rapport.contact.received.v1.json").write_text("{}")
    (tmp_path / "rapport.contact.forgotten.v1.json").write_text("{}")
    assert [fault.split()[0] for fault in files.stale(EVENTS)] == [
        "rapport.contact.received.v1.json",
        "rapport.contact.forgotten.v1.json",
    ]


def test_every_event_has_an_example_and_every_field_a_meaning() -> None:
    assert files.unfinished(EVENTS) == []


def test_every_example_belongs_to_an_event() -> None:
    assert {path.stem for path in EXAMPLES.iterdir()} == set(EVENTS)


@every_event
def test_an_example_is_valid_against_its_schema(type_: str) -> None:
    validator(schema_of(type_, EVENTS[type_])).validate(example_of(type_))


@every_event
def test_an_example_survives_the_model_unchanged(type_: str) -> None:
    example = example_of(type_)
    assert _plain(msgspec.to_builtins(decoded(type_, example))) == _plain(example)


@every_event
def test_an_example_shows_every_field_with_something_in_it(type_: str) -> None:
    schema = schema_of(type_, EVENTS[type_])
    example = example_of(type_)
    assert list(example) == list(schema["properties"])
    assert [field for field, value in example.items() if value in (None, "", [], {})] == []


@every_event
def test_a_reader_ignores_fields_that_it_does_not_know(type_: str) -> None:
    newer = example_of(type_) | {"added_later": {"by": "a newer writer"}}
    newer.get("personal", {})["added_later"] = True
    assert decoded(type_, newer) == decoded(type_, example_of(type_))
    assert validator(schema_of(type_, EVENTS[type_])).is_valid(newer)


@every_event
def test_an_event_without_a_required_field_is_refused(type_: str) -> None:
    schema = schema_of(type_, EVENTS[type_])
    for field in schema["required"]:
        poorer = {name: value for name, value in example_of(type_).items() if name != field}
        assert not validator(schema).is_valid(poorer)
        with pytest.raises(msgspec.ValidationError, match=field):
            decoded(type_, poorer)


def test_a_value_that_no_list_holds_is_refused_and_not_guessed() -> None:
    unknown = example_of("rapport.contact.received.v1") | {"channel": "pigeon"}
    with pytest.raises(msgspec.ValidationError, match="channel"):
        decoded("rapport.contact.received.v1", unknown)


def test_a_time_without_a_zone_is_refused() -> None:
    naive = example_of("rapport.message.sent.v1") | {"sent_at": "2026-11-23T08:14:08"}
    with pytest.raises(msgspec.ValidationError, match="sent_at"):
        decoded("rapport.message.sent.v1", naive)


def test_the_words_of_four_languages_are_among_the_examples() -> None:
    texts = "".join(path.read_text("utf-8") for path in EXAMPLES.iterdir())
    assert "Grüßen" in texts
    assert "నమస్కారం" in texts
    assert "Сайн байна уу" in texts


def test_whoever_reads_events_knows_all_of_them() -> None:
    modules = {event.__module__ for event in EVENTS.values()}
    assert modules == {module.__name__ for module in cloudevents.MODULES}


def _plain(content: Any) -> Any:
    """The content with its times read, because one moment may be written in several ways."""
    if isinstance(content, dict):
        return {name: _plain(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(value) for value in content]
    if isinstance(content, str) and TIME.match(content):
        return datetime.fromisoformat(content)
    return content
