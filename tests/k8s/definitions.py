"""What operators know: the definitions of their resources, from the Go modules of their releases, which `go` fetches.

Nothing of them is kept here: tests/k8s/definitions.txt says which releases, and what each must be.
"""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import pytest
import yaml
from jsonschema import Draft7Validator

from tests.k8s.manifests import ROOT, Json
from tests.support.packages import FETCHING_SECONDS, run, unreachable

PINS = Path(__file__).with_name("definitions.txt")
Kind = tuple[str, str]
"""Group with version, and kind."""


class Release(msgspec.Struct, frozen=True):
    """A Go module (`path@version`), its hash, and the folder of the definitions in it."""

    module: str
    sum: str
    folder: str


def releases() -> list[Release]:
    """The committed list."""
    lines = [line for line in PINS.read_text().splitlines() if not line.startswith("#")]
    return [Release(*line.split()) for line in lines]


def fetched(pins: Sequence[Release]) -> list[Path]:
    """The folders of their definitions, of exactly the modules that were pinned.

    Skips where there is no `go`, or none of its proxies can be reached; with `CI` set, fails.
    """
    if not shutil.which("go"):
        not_checked("there is no go on this machine, which fetches the operators' definitions")
    command = " ".join(["go mod download -json", *(each.module for each in pins)])
    done = run(command, ROOT, within=FETCHING_SECONDS)
    if done.returncode and unreachable(done.stdout + done.stderr):
        not_checked(
            "no proxy for Go modules can be reached: the operators' definitions are missing"
        )
    assert done.returncode == 0, done.stdout + done.stderr
    modules = {f"{each['Path']}@{each['Version']}": each for each in _documents(done.stdout)}
    assert {name: each["Sum"] for name, each in modules.items()} == {
        each.module: each.sum for each in pins
    }
    return [Path(modules[each.module]["Dir"], each.folder) for each in pins]


def not_checked(reason: str) -> NoReturn:
    """Skips, with this reason; with `CI` set, fails: there, nothing is left unchecked in silence."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _documents(text: str) -> Iterator[Json]:
    """JSON objects, one after the other."""
    rest = text.strip()
    while rest:
        document, end = json.JSONDecoder().raw_decode(rest)
        yield document
        rest = rest[end:].lstrip()


class Definitions:
    """Those that lie in some folders; a file is read when one of its kinds is asked for."""

    def __init__(self, folders: Sequence[Path]) -> None:
        paths = [path for folder in folders for path in sorted(folder.glob("*.yaml"))]
        self._texts = [path.read_text() for path in paths]
        self._known: dict[Kind, Draft7Validator] = {}

    def complaints(self, resource: Json) -> list[str]:
        """What is said in the resource that its operator does not know, or misses."""
        asked = resource["apiVersion"], resource["kind"]
        if asked not in self._known:
            self._read(resource["kind"])
        if asked not in self._known:
            return [f"nobody defines {asked}"]
        return [error.message for error in self._known[asked].iter_errors(resource)]

    def _read(self, kind: str) -> None:
        for text in self._texts:
            if f"kind: {kind}\n" in text:
                self._known |= validators(yaml.load(text, yaml.CSafeLoader))


def validators(definition: Json) -> dict[Kind, Draft7Validator]:
    """By version and kind."""
    spec = definition["spec"]
    return {
        (f"{spec['group']}/{version['name']}", spec["names"]["kind"]): Draft7Validator(
            closed(version["schema"]["openAPIV3Schema"])
        )
        for version in spec["versions"]
        if version["served"]
    }


def closed(schema: Any) -> Any:
    """The schema, with no property allowed that it does not name."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: closed(value) for name, value in schema.items()}
    if "properties" in made and not made.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    return made
