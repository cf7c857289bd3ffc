"""docs/events.md: every topic and every event on one page, for people."""

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.contracts import topics
from shared.contracts.event import Event, card_of
from shared.contracts.topics import Topic
from tools.contracts.asyncapi import events_on
from tools.contracts.schemas import components, example_of

Schema = dict[str, Any]

INTRODUCTION = Path(__file__).with_name("introduction.md")
WORDS = {"uuid": "UUID", "date-time": "time", "string": "text", "integer": "whole number"}
RANGES = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " of them"),
)


def events_page(events: dict[str, type[Event]]) -> str:
    """The page as Markdown."""
    schemas = components(list(events.values()), "#/{name}")
    parts = [INTRODUCTION.read_text("utf-8"), _contents(events)]
    parts += [_topic(topic, events, schemas) for topic in topics.LIVE]
    parts.append(_dead_letters())
    return "\n".join(parts)


def _contents(events: dict[str, type[Event]]) -> str:
    lines = [
        "## Topics",
        "",
        "| Topic | Key | Published by | Consumed by | Events |",
        "|---|---|---|---|---|",
    ]
    for topic in topics.LIVE:
        links = "<br>".join(f"[`{type_}`](#{_anchor(type_)})" for type_ in events_on(topic, events))
        producers, consumers = ", ".join(topic.producers), ", ".join(topic.consumers)
        lines.append(
            f"| [`{topic.name}`](#{_anchor(topic.name)}) | {topic.key} | {producers} | {consumers} | {links} |"
        )
    return "\n".join([*lines, ""])


def _topic(topic: Topic, events: dict[str, type[Event]], schemas: dict[str, Schema]) -> str:
    card = [
        f"## `{topic.name}`",
        "",
        topic.description,
        "",
        f"- **Key**: {topic.key}",
        f"- **Published by**: {', '.join(topic.producers)}",
        f"- **Consumed by**: {', '.join(topic.consumers)}",
        f"- **Kept**: {_kept(topic)}",
        f"- **Partitions**: {topic.partitions}; a record holds at most {topic.max_message_bytes:,} bytes",
        "",
    ]
    published = (_event(name, kind, schemas) for name, kind in events_on(topic, events).items())
    return "\n".join([*card, *published])


def _event(type_: str, payload: type[Event], schemas: dict[str, Schema]) -> str:
    rows = "\n".join(_rows(schemas[payload.__name__], schemas))
    meaning = inspect.cleandoc(payload.__doc__ or "")
    return "\n".join(
        [
            f"### `{type_}`",
            "",
            f"{meaning}\n\nSubject: `{card_of(payload).subject}`",
            "",
            "| Field | Type | If left out | Meaning |",
            "|---|---|---|---|",
            rows,
            "",
            f"```json\n{_example(example_of(type_))}\n```",
            "",
        ]
    )


def _rows(
    schema: Schema, schemas: dict[str, Schema], at: str = "", mark: str = ""
) -> Iterator[str]:
    required = schema.get("required", [])
    for field, value in schema["properties"].items():
        inner, suffix = _struct(value, schemas)
        own = " **personal**" if inner and inner.get("x-personal") else ""
        left_out = "refused" if field in required else f"`{json.dumps(value.get('default'))}`"
        meaning = mark + _meaning(value, schemas) + own
        yield f"| `{at}{field}` | {_type(value, schemas)} | {left_out} | {meaning.strip()} |"
        if inner:
            inside = "**personal** " if own else mark
            yield from _rows(inner, schemas, f"{at}{field}{suffix}.", inside)


def _struct(value: Schema, schemas: dict[str, Schema]) -> tuple[Schema | None, str]:
    """The nested type of a field, if it has one, and how its path goes on."""
    suffix = "[]" if "items" in value else ""
    for branch in _branches(value.get("items", value)):
        inner = _named(branch, schemas)
        if "properties" in inner:
            return inner, suffix
    return None, ""


def _type(value: Schema, schemas: dict[str, Schema]) -> str:
    return " or ".join(_one_type(branch, schemas) for branch in _branches(value))


def _one_type(value: Schema, schemas: dict[str, Schema]) -> str:
    value = {**value, **_named(value, schemas)}
    if "enum" in value:
        return ", ".join(f"`{item}`" for item in value["enum"])
    if "items" in value:
        return f"list of {_type(value['items'], schemas)}{_limits(value)}"
    if isinstance(value.get("additionalProperties"), dict):
        return f"map of text to {_type(value['additionalProperties'], schemas)}"
    kind: str = value["type"]
    return WORDS.get(value.get("format", kind), kind) + _limits(value)


def _limits(value: Schema) -> str:
    ranges = (
        _range(value.get(low), value.get(high)) + unit
        for low, high, unit in RANGES
        if value.keys() & {low, high}
    )
    pattern = [f"`{value['pattern']}`"] if "pattern" in value else []
    return "".join(f", {limit}" for limit in (*ranges, *pattern))


def _range(low: float | None, high: float | None) -> str:
    if high is None:
        return f"at least {low:,}"
    return f"at most {high:,}" if low is None else f"{low:,} to {high:,}"


def _named(value: Schema, schemas: dict[str, Schema]) -> Schema:
    return schemas.get(value.get("$ref", "").removeprefix("#/"), {})


def _meaning(value: Schema, schemas: dict[str, Schema]) -> str:
    named = (_named(branch, schemas) for branch in _branches(value))
    texts = [value.get("description", ""), *(kind.get("description", "") for kind in named)]
    return " ".join(" ".join(texts).split())


def _branches(value: Schema) -> list[Schema]:
    branches: list[Schema] = value.get("anyOf", [value])
    return branches


def _kept(topic: Topic) -> str:
    if topic.retention_hours is None:
        return "the last record of each key (compacted)"
    return f"{topic.retention_hours // 24} days"


def _dead_letters() -> str:
    rows = [f"| `{topic.name}` | {topic.description} |" for topic in topics.DEAD_LETTERS]
    head = ["## Dead letters", "", "| Topic | What it holds |", "|---|---|"]
    return "\n".join([*head, *rows, ""])


def _example(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _anchor(name: str) -> str:
    return name.replace(".", "")
