"""The comparison of schemas notices each kind of break, and lets every kind of addition pass."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tools.contracts.compatibility import breaking_changes

Schema = dict[str, Any]
Change = Callable[[Schema], None]

OLD: Schema = {
    "$id": "urn:rapport:schema:rapport.contact.tested.v1",
    "title": "ContactTested",
    "type": "object",
    "properties": {
        "contact_id": {"type": "string", "format": "uuid"},
        "line": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[a-z]+$"},
        "count": {"type": "integer", "minimum": 0, "maximum": 9, "default": 1},
        "channel": {"$ref": "#/$defs/Channel"},
        "need": {"anyOf": [{"$ref": "#/$defs/Need"}, {"type": "null"}], "default": None},
        "topics": {"type": "array", "items": {"$ref": "#/$defs/Topic"}},
        "skills": {"type": "object", "additionalProperties": {"type": "integer", "maximum": 5}},
        "personal": {"$ref": "#/$defs/Words"},
    },
    "required": ["contact_id", "line", "channel", "personal"],
    "$defs": {
        "Channel": {"enum": ["email", "phone"]},
        "Need": {
            "type": "object",
            "properties": {"amount": {"type": "integer"}},
            "required": ["amount"],
        },
        "Topic": {"type": "object", "properties": {"topic": {"type": "string"}}, "required": []},
        "Words": {"type": "object", "properties": {"text": {"type": "string"}}, "x-personal": True},
    },
}


def setting(*path: str, to: Any) -> Change:
    def change(schema: Schema) -> None:
        *way, last = path
        for step in way:
            schema = schema[step]
        schema[last] = to

    return change


def without(*path: str) -> Change:
    def change(schema: Schema) -> None:
        *way, last = path
        for step in way:
            schema = schema[step]
        del schema[last]

    return change


BREAKS: dict[str, tuple[Change, str]] = {
    "a field is removed": (without("properties", "line"), "$.line: the field was removed"),
    "a nested field is removed": (
        without("$defs", "Need", "properties", "amount"),
        "$.need.amount: the field was removed",
    ),
    "a field becomes required": (
        setting("required", to=[*OLD["required"], "count"]),
        "$.count: the field is newly required",
    ),
    "a field in a list becomes required": (
        setting("$defs", "Topic", "required", to=["topic"]),
        "$.topics[].topic: the field is newly required",
    ),
    "a required field becomes optional": (
        setting("required", to=["contact_id", "line", "channel"]),
        "$.personal: the field is no longer required",
    ),
    "a type changes": (
        setting("properties", "count", "type", to="string"),
        "$.count: the type changed",
    ),
    "a field may be null now": (
        setting("properties", "line", to={"anyOf": [{"type": "string"}, {"type": "null"}]}),
        "$.line: the type changed",
    ),
    "a field may be null no more": (
        setting("properties", "need", to={"$ref": "#/$defs/Need"}),
        "$.need: the type changed",
    ),
    "a list of words becomes free text": (
        setting("$defs", "Channel", to={"type": "string"}),
        "$.channel: the type changed",
    ),
    "a format changes": (
        without("properties", "contact_id", "format"),
        "$.contact_id: format changed",
    ),
    "a value is removed": (
        setting("$defs", "Channel", "enum", to=["email"]),
        "$.channel: the value 'phone' was removed",
    ),
    "an upper limit falls": (
        setting("properties", "line", "maxLength", to=10),
        "$.line: maxLength was tightened from 64 to 10",
    ),
    "a lower limit rises": (
        setting("properties", "count", "minimum", to=1),
        "$.count: minimum was tightened from 0 to 1",
    ),
    "a limit is new": (
        setting("$defs", "Words", "properties", "text", "maxLength", to=10),
        "$.personal.text: maxLength was tightened from None to 10",
    ),
    "a limit in a map falls": (
        setting("properties", "skills", "additionalProperties", "maximum", to=4),
        "$.skills{}: maximum was tightened from 5 to 4",
    ),
    "a pattern changes": (
        setting("properties", "line", "pattern", to="^[a-f]+$"),
        "$.line: the pattern changed",
    ),
    "a default changes": (
        setting("properties", "count", "default", to=2),
        "$.count: default changed",
    ),
    "unknown fields are refused": (
        setting("additionalProperties", to=False),
        "${}: what it may hold was narrowed",
    ),
    "personal data loses its mark": (
        without("$defs", "Words", "x-personal"),
        "$.personal: personal data lost its mark",
    ),
    "something that nobody thought of": (
        setting("properties", "topics", "uniqueItems", to=True),
        "$.topics: uniqueItems changed, and what that breaks is not known here",
    ),
}

ADDITIONS: dict[str, Change] = {
    "nothing": setting("type", to="object"),
    "an optional field": setting("properties", "later", to={"type": "string", "default": ""}),
    "an optional field in a nested type": setting(
        "$defs", "Need", "properties", "why", to={"type": "string"}
    ),
    "a value": setting("$defs", "Channel", "enum", to=["email", "phone", "pager"]),
    "a higher limit": setting("properties", "line", "maxLength", to=200),
    "no lower limit": without("properties", "count", "minimum"),
    "no pattern": without("properties", "line", "pattern"),
    "words that explain": setting("properties", "line", "description", to="One line."),
    "another example": setting("examples", to=[{"line": "a"}]),
    "a mark on personal data": setting("$defs", "Need", "x-personal", to=True),
}


def changed(change: Change) -> Schema:
    new = copy.deepcopy(OLD)
    change(new)
    return new


@pytest.mark.parametrize("kind", BREAKS)
def test_what_breaks_a_reader_is_named(kind: str) -> None:
    change, wanted = BREAKS[kind]
    assert breaking_changes(OLD, changed(change)) == [wanted]


@pytest.mark.parametrize("kind", ADDITIONS)
def test_what_breaks_nobody_passes(kind: str) -> None:
    assert breaking_changes(OLD, changed(ADDITIONS[kind])) == []


def test_a_type_that_holds_itself_is_compared_once() -> None:
    tree: Schema = {
        "$ref": "#/$defs/Node",
        "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}},
    }
    assert breaking_changes(tree, copy.deepcopy(tree)) == []
