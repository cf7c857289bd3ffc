"""The names of all variables: a service's own from its settings, those of the others from a list.

No service knows another, yet one environment may serve several. `python -m tools.generate` writes the list.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from shared.settings.blocks import DELIMITER, PREFIX, ServiceSettings
from shared.settings.forms import block_of, is_mapping
from shared.settings.mounted import FILE, may_be_mounted

LIST = Path(__file__).with_name("variables.json")
SERVICE_HOST = "_SERVICE_HOST"
SERVICE_LINK = re.compile(r"_SERVICE_(HOST|PORT(_\w+)?)|_PORT(_\d+_[A-Z]+(_\w+)?)?")
"""What Kubernetes tells every container of each Service beside it, behind the name of that Service."""


class Known(NamedTuple):
    """Who reads each variable of any service, and what those of old are called now."""

    readers: Mapping[str, Sequence[str]]
    renamed: Mapping[str, str]


@cache
def known() -> Known:
    """The list."""
    return Known(**json.loads(LIST.read_text("utf-8")))


def variables(model: type[BaseModel], prefix: str = PREFIX) -> Iterator[tuple[str, FieldInfo]]:
    """Every variable of a model with its field, blocks opened."""
    for name, field in model.model_fields.items():
        if block := block_of(field):
            yield from variables(block, f"{prefix}{name.upper()}{DELIMITER}")
        else:
            yield prefix + name.upper(), field


def not_own(settings_class: type[ServiceSettings], names: Collection[str]) -> list[str]:
    """Those names that the service does not read; what Kubernetes sets by itself is passed over."""
    own = dict(variables(settings_class))
    return [name for name in names if not (_reads(own, name) or _is_link(name, names))]


def unknown(settings_class: type[ServiceSettings], name: str) -> str:
    """That no service reads a variable, and which one may be meant."""
    names = [*dict(variables(settings_class)), *known().readers]
    ends = [each.removeprefix(PREFIX) for each in names]  # what all have in common is no likeness
    near = get_close_matches(name.removeprefix(PREFIX), ends, n=1)
    return f"{name}: unknown" + (f"; did you mean {PREFIX}{near[0]}?" if near else "")


def _reads(own: Mapping[str, FieldInfo], name: str) -> bool:
    """A variable, the file of a secret, a block of them as JSON, or one key of a variable that is a mapping."""
    above = name.rpartition(DELIMITER)[0]
    return (
        name in own
        or (name.endswith(FILE) and _is_mounted(own, name.removesuffix(FILE)))
        or any(each.startswith(name + DELIMITER) for each in own)
        or (above in own and is_mapping(own[above]))
    )


def _is_mounted(own: Mapping[str, FieldInfo], name: str) -> bool:
    return name in own and may_be_mounted(own[name])


def _is_link(name: str, names: Collection[str]) -> bool:
    services = [each.removesuffix(SERVICE_HOST) for each in names if each.endswith(SERVICE_HOST)]
    return any(
        name.startswith(service) and SERVICE_LINK.fullmatch(name.removeprefix(service))
        for service in services
    )
