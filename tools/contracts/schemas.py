"""JSON Schemas of the events, made from the models: stable, self-contained, explained."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

import shared.contracts
from shared.contracts.event import REGISTRY, Event
from shared.contracts.values import Personal
from tools.contracts.meanings import MEANINGS

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
EXAMPLES = Path(shared.contracts.__path__[0]) / "examples"


def all_events() -> dict[str, type[Event]]:
    """Every event by type: module by module, in the order in which each module tells them."""
    for module in pkgutil.iter_modules(shared.contracts.__path__, "shared.contracts."):
        if not module.ispkg:
            importlib.import_module(module.name)
    return dict(sorted(REGISTRY.items(), key=lambda item: item[1].__module__))


def example_of(type_: str) -> Any:
    """The hand-written example of an event version; FileNotFoundError where there is none."""
    return msgspec.json.decode((EXAMPLES / f"{type_}.json").read_bytes())


def schema_of(type_: str, payload: type[Event]) -> Schema:
    """One event version, complete in itself: no reference leaves the document."""
    definitions = components([payload], "#/$defs/{name}")
    root = definitions.pop(payload.__name__)
    schema = {"$schema": DIALECT, "$id": f"urn:rapport:schema:{type_}", **root}
    if definitions:
        schema["$defs"] = dict(sorted(definitions.items()))
    return schema | {"examples": [example_of(type_)]}


def components(payloads: Sequence[type[Event]], reference: str) -> dict[str, Schema]:
    """The schemas of these payloads and of all that they hold, by name, explained and marked."""
    _, found = msgspec.json.schema_components(payloads, ref_template=reference)
    names = {name: name.removeprefix("shared.contracts.") for name in found}
    text = msgspec.json.encode(found)
    for name, short in names.items():
        text = text.replace(f'/{name}"'.encode(), f'/{short}"'.encode())
    personal = set(personal_names())
    return {
        names[name]: _explained(schema, personal=name.rsplit(".", 1)[-1] in personal)
        for name, schema in msgspec.json.decode(text).items()
    }


def personal_names() -> Iterator[str]:
    """The names of the types that hold personal data."""
    return (kind.__name__ for kind in Personal.__subclasses__())


def without_meaning(schemas: dict[str, Schema]) -> list[str]:
    """The fields that neither their type nor the list of meanings explains."""
    return [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, value in schema.get("properties", {}).items()
        if "description" not in value and not _named_type(value)
    ]


def _explained(schema: Schema, *, personal: bool) -> Schema:
    if "description" in schema:
        schema["description"] = inspect.cleandoc(schema["description"])
    if personal:
        schema["x-personal"] = True
    for field, value in schema.get("properties", {}).items():
        if field in MEANINGS and not _named_type(value):
            value.setdefault("description", MEANINGS[field])
    return schema


def _named_type(value: Schema) -> bool:
    branches = value.get("anyOf", [value])
    return any("$ref" in branch for branch in branches)
