"""A schema as a table: one row for each field, however deep it stands."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from shared.http.docs.examples import Schema, Schemas, choices, resolved

_LIMITS: Final = {
    "minimum": "from {}",
    "maximum": "to {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "maxItems": "at most {} entries",
    "pattern": "like {}",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its path (`promise.due_at`, `offers[].offer_id`), and what may stand there."""

    path: str
    type: str
    needed: bool
    limits: str
    meaning: str


def fields(schema: Schema, schemas: Schemas, above: str = "") -> list[Field]:
    """The rows of a schema, in its own order; none for what has no fields."""
    return list(_rows(schema, schemas, above))


def field_of(path: str, schema: Schema, schemas: Schemas, *, needed: bool) -> Field:
    """The row of one field. What may be left out says what it is then."""
    kinds = [resolved(each, schemas) for each in choices(schema)]
    limits = [text for kind in kinds for text in _limits(kind)]
    if schema.get("default") not in (None, "", [], {}):
        limits.append(f"{json.dumps(schema['default'])} if left out")
    meaning = str(schema.get("description") or "")
    return Field(path, " or ".join(map(_type, kinds)), needed, ", ".join(limits), meaning)


def _rows(schema: Schema, schemas: Schemas, above: str) -> Iterator[Field]:
    for kind in (resolved(each, schemas) for each in choices(schema)):
        if kind.get("type") == "array":
            yield from _rows(kind["items"], schemas, f"{above}[]")
        for name, inner in kind.get("properties", {}).items():
            path = f"{above}.{name}" if above else name
            yield field_of(path, inner, schemas, needed=name in kind.get("required", ()))
            yield from _rows(inner, schemas, path)
        if isinstance(kind.get("additionalProperties"), dict):
            yield from _rows(kind["additionalProperties"], schemas, f"{above}{{}}")


def _type(kind: Schema) -> str:
    if "enum" in kind:
        return " | ".join(json.dumps(each) for each in kind["enum"])
    if "const" in kind:
        return json.dumps(kind["const"])
    name: str = kind.get("format") or kind.get("type") or "any"
    return (
        f"list of {_type(kind['items'])}" if name == "array" and "type" in kind["items"] else name
    )


def _limits(kind: Schema) -> list[str]:
    return [text.format(_plain(kind[key])) for key, text in _LIMITS.items() if key in kind]


def _plain(limit: Any) -> Any:
    return int(limit) if isinstance(limit, float) and limit.is_integer() else limit
