"""An example of whatever a schema describes, so that no reader has to guess what a field looks like."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from shared.http.docs.samples import NOON, SAMPLES
from shared.kernel.ids import stable_id

Schema: TypeAlias = Mapping[str, Any]
Schemas: TypeAlias = Mapping[str, Schema]
UNTOLD: Final = "…"
"""Stands for a text that nobody told a sample of."""
_PLAIN: Final[Mapping[str, Any]] = {"boolean": False, "integer": 1, "number": 1.0, "null": None}
_TYPES: Final[Mapping[type, tuple[str, ...]]] = {
    type(None): ("null",),
    bool: ("boolean",),
    int: ("integer", "number"),
    float: ("number",),
    str: ("string",),
    list: ("array",),
    dict: ("object",),
}


def resolved(schema: Schema, schemas: Schemas) -> Schema:
    """The schema itself; or the one that it refers to."""
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    return schema


def choices(schema: Schema) -> list[Schema]:
    """What may stand there: several schemas, or the one."""
    return list(schema.get("anyOf") or schema.get("oneOf") or [schema])


def example(schema: Schema, schemas: Schemas, name: str = "", place: str = "") -> Any:
    """An example: what is told of the field `name`, or else what the schema itself says.

    `place` is where it stands, the last word of a route (`decline`) or the title of a schema.
    """
    may_be = [resolved(each, schemas) for each in choices(schema)]
    for key in (f"{place}.{name}", name):
        if key in SAMPLES and any(_fits(SAMPLES[key], each, schemas) for each in may_be):
            return SAMPLES[key]
    return _made(may_be[0], schemas, name, place)


def _fits(sample: Any, schema: Schema, schemas: Schemas) -> bool:
    """Fields of one name may differ in what they hold: a list here, a count there."""
    if schema.get("type") not in (None, *_TYPES[type(sample)]):
        return False
    if isinstance(sample, list):
        inner = resolved(schema["items"], schemas)
        return all(_fits(each, inner, schemas) for each in sample)
    if isinstance(sample, int | float) and sample > schema.get("maximum", sample):
        return False
    return sample in schema.get("enum", [sample])


def _made(schema: Schema, schemas: Schemas, name: str, place: str) -> Any:
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [""])[0])
    match schema.get("type"):
        case "object":
            return _object(schema, schemas, place)
        case "array":
            return [example(schema["items"], schemas, name, place)]
        case "string":
            return _text(schema, name)
        case kind:
            least = schema.get("minimum", schema.get("default"))
            return least if isinstance(least, int | float) else _PLAIN.get(str(kind))


def _object(schema: Schema, schemas: Schemas, place: str) -> dict[str, Any]:
    """All its fields; a map has one entry, under the name that is told of an `id`."""
    title, inner = schema.get("title", ""), schema.get("additionalProperties")
    made = {}
    for part, of in schema.get("properties", {}).items():
        own = place if f"{place}.{part}" in SAMPLES else title
        made[part] = example(of, schemas, part, own)
    if not made and isinstance(inner, dict):
        return {SAMPLES["id"]: example(inner, schemas)}
    return made


def _text(schema: Schema, name: str) -> str:
    match schema.get("format"):
        case "uuid":
            return str(stable_id("example", name))
        case "date-time":
            return NOON
        case _:
            return str(schema.get("default", UNTOLD))
