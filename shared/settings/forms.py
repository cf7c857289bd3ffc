"""What a value looks like, from its annotation: the page of settings and a refusal say the same."""

import json
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from shared.settings.bounds import Bound

KINDS = {
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "array": "JSON list",
    "object": "JSON object",
    "time": "time of day",
    "uri": "http(s) address",
    "password": "secret text",
    "path": "file",
}
"""By JSON Schema's type, or by its format where there is one."""
JSON = ("array", "object")
SINGULAR = 1


class Form(NamedTuple):
    """What kind of value it is, what it must be beyond that, and a value that will do."""

    kind: str
    range: str
    example: str
    is_json: bool

    def __str__(self) -> str:
        """Goes on after "expected:"."""
        what = ", ".join(filter(None, (self.kind, self.range)))
        return f"{what}, such as {self.example}" if self.example and self.is_json else what


def form_of(field: FieldInfo) -> Form:
    """The form of a field that is no block."""
    whole = TypeAdapter(field.rebuild_annotation()).json_schema()
    choices = [each for each in whole.get("anyOf", [whole]) if each.get("type") != "null"]
    schema = choices[0]
    if "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
    kind = "one of" if "enum" in schema else _kind(schema)
    is_json = schema["type"] in JSON
    return Form(kind, ", ".join(_range(schema)), _example(field, is_json=is_json), is_json)


def _kind(schema: Mapping[str, Any]) -> str:
    named: str | None = schema.get("format")
    return KINDS.get(named or schema["type"], named or "text")


def bounds_of(field: FieldInfo) -> Iterator[Bound]:
    """What the field is held to beside an earlier one."""
    yield from (each for each in field.metadata if isinstance(each, Bound))


def _range(schema: Mapping[str, Any]) -> Iterator[str]:
    """In words, and in numbers where they are few."""
    if "enum" in schema:
        yield ", ".join(f"`{each}`" for each in schema["enum"])
    low, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    if above is not None:
        whole = schema["type"] == "integer"
        yield f"at least {above + 1}" if whole else f"more than {above:g}"
    if low is not None:
        yield f"at least {low:g}"
    if "maximum" in schema:
        yield f"at most {schema['maximum']}"
    if least := schema.get("minLength") or schema.get("minItems"):
        yield "not empty" if least == SINGULAR else f"at least {least} characters"
    if "maxLength" in schema and schema.get("format") != "uri":
        yield f"at most {schema['maxLength']} characters"
    if "pattern" in schema:
        yield f"of the form `{schema['pattern']}`"


def _example(field: FieldInfo, *, is_json: bool) -> str:
    """The first of the field's examples, else its default if it has one."""
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    value = field.examples[0] if field.examples else default
    if value in (None, "", ()):
        return ""
    plain = to_jsonable_python(value)
    return plain if isinstance(plain, str) and not is_json else json.dumps(plain)


def block_of(field: FieldInfo) -> type[BaseModel] | None:
    """The block of settings that a field stands for, if it is one."""
    inner = field.annotation
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def is_mapping(field: FieldInfo) -> bool:
    """Whether each key may be a variable of its own."""
    origin = get_origin(field.annotation)
    if origin in (Union, UnionType):
        return any(is_mapping(FieldInfo(annotation=each)) for each in get_args(field.annotation))
    return isinstance(origin, type) and issubclass(origin, Mapping)
