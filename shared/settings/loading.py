"""Reading the environment: all that is wrong with it in one go, a line each, in our own words."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError as UnreadableValue

from shared.settings.blocks import DELIMITER, PREFIX, ServiceSettings
from shared.settings.bounds import BOUND
from shared.settings.forms import block_of, form_of
from shared.settings.mounted import FILE, MountedSecret, faults, may_be_mounted
from shared.settings.variables import known, not_own, unknown, variables

S = TypeVar("S", bound=ServiceSettings)


class SettingsError(Exception):
    """The environment is incomplete or wrong; the text names each variable and shows no secret."""


def load(settings_class: type[S]) -> S:
    """Read the environment; raises `SettingsError` that says what to set."""
    given = present()
    lines = [*_misnamed(settings_class, given), *_not_json(settings_class, given)]
    if unreadable := [*faults(dict(variables(settings_class)), given)]:
        raise SettingsError("\n".join(dict.fromkeys([*lines, *unreadable])))
    try:
        settings = settings_class(**_mounted(settings_class, given))
    except UnreadableValue:
        if not lines:
            raise
    except ValidationError as error:
        said = {_name(line) for line in lines}
        every = (line for item in error.errors() for line in _complaints(settings_class, item))
        lines += (line for line in every if _name(line) not in said)
    else:
        if not lines:
            return settings
    raise SettingsError("\n".join(dict.fromkeys(lines)))


def not_read(settings_class: type[ServiceSettings]) -> list[str]:
    """What is set and read by other services only, a line each."""
    names = not_own(settings_class, present())
    readers = known().readers if names else {}
    return [f"{name} is read by {', '.join(readers[name])}" for name in names if name in readers]


def present() -> dict[str, str]:
    """Variables that are ours, in capitals: their names are read either way."""
    every = {name.upper(): value for name, value in sorted(os.environ.items())}
    return {name: value for name, value in every.items() if name.startswith(PREFIX)}


def _mounted(settings_class: type[BaseModel], given: Mapping[str, str]) -> dict[str, Any]:
    """The secrets that stand in files; those of a block are seen to by the block."""
    files = {name: _variable([name]) + FILE for name in settings_class.model_fields}
    return {
        name: MountedSecret(Path(given[file]))
        for name, file in files.items()
        if file in given and may_be_mounted(settings_class.model_fields[name])
    }


def _name(line: str) -> str:
    """The variable of which a line speaks."""
    return line.partition(":")[0]


def _misnamed(settings_class: type[ServiceSettings], given: Mapping[str, str]) -> Iterator[str]:
    """Variables that no service reads: a default in their place would go unseen."""
    for name in not_own(settings_class, given):
        renamed = {**known().renamed, **settings_class.RENAMED}
        if name in renamed:
            yield f"{name} is now {renamed[name]}"
        elif name not in known().readers:
            yield unknown(settings_class, name)


def _not_json(settings_class: type[BaseModel], given: Mapping[str, str]) -> Iterator[str]:
    """Values that must be JSON and are not."""
    for name, field in variables(settings_class):
        if name in given and (form := form_of(field)).is_json and not _is_json(given[name]):
            yield f"{name}: no JSON; expected: {form}"
    for name, field in settings_class.model_fields.items():
        if block_of(field) and not _is_json(given.get(_variable([name]), "{}")):
            yield f"{_variable([name])}: no JSON; expected: variables that begin with {_variable([name, ''])}"


def _is_json(value: str) -> bool:
    try:
        json.loads(value)
    except ValueError:
        return False
    return True


def _complaints(settings_class: type[ServiceSettings], error: ErrorDetails) -> list[str]:
    """One line per variable; a missing block is named by the variables it cannot do without."""
    path = [str(part) for part in error["loc"]]
    names, rest, field = _place(settings_class, path)
    if error["type"] == "missing" and not rest:
        return [
            f"{_variable(full)} is not set: {what}" for full, what in _needed(settings_class, path)
        ]
    if error["type"] == "extra_forbidden" and field is None:
        name = _variable(names)  # in the JSON of its block, unless it is a variable, seen before
        return [] if name in present() else [unknown(settings_class, name)]
    if not names:
        return [str(error["ctx"]["error"])]
    inside = f"{'.'.join(rest)}: " if rest else ""
    return [f"{_variable(names)}: {inside}{_reason(error, names, field)}"]


def _reason(error: ErrorDetails, names: Sequence[str], field: FieldInfo | None) -> str:
    """Our own words where we have some, else the form of the value."""
    context = error.get("ctx", {})
    if error["type"] == BOUND:
        other = _variable([*names[:-1], context["other"]])
        return "must be " + str(context["words"]).format(other=other)
    if error["type"] == "value_error":
        return str(context["error"])
    if "expected" in context:
        return f"must be {context['expected']}"
    form = form_of(field) if field else "no such name"
    return (
        f"unknown; expected: {form}" if error["type"] == "extra_forbidden" else f"expected: {form}"
    )


def _place(
    model: type[BaseModel], path: Sequence[str]
) -> tuple[list[str], list[str], FieldInfo | None]:
    """The names that make up the variable, the place inside its JSON, and its field if there is one."""
    if not path:
        return [], [], None
    first, *rest = path
    field = model.model_fields.get(first)
    if field is None:
        return [*path], [], None
    if rest and (block := block_of(field)):
        names, inside, found = _place(block, rest)
        return [first, *names], inside, found
    return [first], rest, field


def _needed(model: type[BaseModel], path: list[str]) -> list[tuple[list[str], str]]:
    """The variables a missing field stands for, each with its description."""
    name, *rest = path
    field = model.model_fields[name]
    inner = block_of(field)
    if inner is None:
        return [(path, field.description or "")]
    required = rest or [key for key, part in inner.model_fields.items() if part.is_required()]
    return [([name, *deep], text) for key in required for deep, text in _needed(inner, [key])]


def _variable(path: Sequence[str]) -> str:
    return PREFIX + DELIMITER.join(path).upper()
