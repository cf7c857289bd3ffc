"""The settings as they are in effect, for a person: each with where it comes from, and no secret."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from shared.settings.blocks import DELIMITER, PREFIX, ServiceSettings
from shared.settings.loading import present
from shared.settings.mounted import FILE, holds_secrets
from shared.settings.variables import variables

CREDENTIALS = re.compile(r"(?<=//)[^/@]*@")


def effective(settings: ServiceSettings) -> Iterator[str]:
    """A line for each variable: `NAME = value (default|environment|file)`; of a secret whether it is set."""
    environment = present()
    for name, field in variables(type(settings)):
        shown = _shown(_value(settings, name), field)
        yield f"{name} = {shown} ({_origin(name, environment)})"


def without_credentials(address: str) -> str:
    """An address without the name and password that may stand in it."""
    return CREDENTIALS.sub("", address)


def _value(settings: BaseModel, name: str) -> Any:
    value: Any = settings
    for part in name.removeprefix(PREFIX).lower().split(DELIMITER):
        value = getattr(value, part)
    return value


def _shown(value: Any, field: FieldInfo) -> str:
    if value is None:
        return "unset"
    if holds_secrets(field.annotation):
        return "set"
    plain = to_jsonable_python(value)
    return without_credentials(plain if isinstance(plain, str) else json.dumps(plain))


def _origin(name: str, environment: Mapping[str, str]) -> str:
    """A block may be given as the JSON of one variable, and a mapping key by key."""
    if name + FILE in environment:
        return "file"
    parts = name.split(DELIMITER)
    above = {DELIMITER.join(parts[:count]) for count in range(1, len(parts) + 1)}
    keys = any(each.startswith(name + DELIMITER) for each in environment)
    return "environment" if keys or above.intersection(environment) else "default"
