"""Secrets in files: `NAME_FILE` names the file in which the value of the secret `NAME` stands.

Who mounts a secret replaces the file when it changes, and no process is started again for that.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

FILE = "_FILE"


class MountedSecret(SecretStr):
    """What the file holds now, without the blanks around it; while it cannot be read, what it held last.

    Raises `OSError` if it cannot be read at first.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        super().__init__(self._read())

    def get_secret_value(self) -> str:
        """Read anew each time: it is asked for when a connection is made, and the file is small."""
        with suppress(OSError, ValueError):  # it is being replaced
            self._secret_value = self._read() or self._secret_value
        return self._secret_value

    def _read(self) -> str:
        return self._path.read_text("utf-8").strip()


def may_be_mounted(field: FieldInfo) -> bool:
    """Whether the field is one secret, so that a file may hold it."""
    annotation = field.annotation
    optional = get_origin(annotation) in (Union, UnionType)
    return annotation is SecretStr or (optional and SecretStr in get_args(annotation))


def holds_secrets(annotation: Any) -> bool:
    """Whether a secret is in it, however deep."""
    return annotation is SecretStr or any(map(holds_secrets, get_args(annotation)))


def mounted(fields: Mapping[str, FieldInfo], given: Mapping[str, Any]) -> dict[str, Any]:
    """What a block of settings is given, with each `name_file` of a secret replaced by what the file holds."""
    files = {f"{name}{FILE}".lower(): name for name, each in fields.items() if may_be_mounted(each)}
    return {
        files.get(name, name): MountedSecret(Path(value)) if name in files else value
        for name, value in given.items()
    }


def faults(variables: Mapping[str, FieldInfo], present: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with the files that the environment names, a line each."""
    for name, field in variables.items():
        path = present.get(name + FILE)
        if path is None or not may_be_mounted(field):
            continue
        if name in present:
            yield f"{name + FILE}: must be unset where {name} is set"
        try:
            if not MountedSecret(Path(path)).get_secret_value():
                yield f"{name + FILE}: the file is empty"
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            yield f"{name + FILE}: must be a file that can be read: {reason}"
