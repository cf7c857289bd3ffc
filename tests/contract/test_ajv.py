"""The schemas are clean enough for the strictest reader: Ajv in strict mode, the examples included."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.packages import node, node_project
from tools.contracts.files import SCHEMAS
from tools.contracts.schemas import all_events

pytestmark = pytest.mark.timeout(360)  # what is fetched for the first time may take minutes

Schemas = dict[str, dict[str, Any]]
TYPE = "rapport.contact.submitted.v1"


@pytest.fixture(scope="module")
def ajv() -> Callable[[Schemas], dict[str, str]]:
    """What Ajv finds wrong with schemas, by name."""
    project = node_project(Path(__file__).with_name("javascript"))

    def faults(schemas: Schemas) -> dict[str, str]:
        found: dict[str, str] = json.loads(node(project, "schemas.js", json.dumps(schemas)))
        return found

    return faults


@pytest.fixture
def published() -> Schemas:
    return {path.stem: json.loads(path.read_text("utf-8")) for path in SCHEMAS.glob("*.json")}


def test_every_schema_compiles_in_strict_mode_and_takes_its_examples(
    ajv: Callable[[Schemas], dict[str, str]], published: Schemas
) -> None:
    assert published.keys() == all_events().keys()
    assert [name for name, schema in published.items() if not schema["examples"]] == []
    assert ajv(published) == {}


def _a_keyword_that_nobody_declared(schema: dict[str, Any]) -> None:
    schema["x-colour"] = "blue"


def _an_unknown_format(schema: dict[str, Any]) -> None:
    schema["properties"]["reference"]["format"] = "reference"


def _a_limit_of_no_type(schema: dict[str, Any]) -> None:
    del schema["properties"]["reference"]["type"]


def _a_required_field_that_is_not_described(schema: dict[str, Any]) -> None:
    schema["required"].append("colour")


def _a_reference_to_nothing(schema: dict[str, Any]) -> None:
    del schema["$defs"]["Channel"]


def _an_example_of_something_else(schema: dict[str, Any]) -> None:
    schema["examples"][0]["priority"] = 10


SPOILING = [
    _a_keyword_that_nobody_declared,
    _an_unknown_format,
    _a_limit_of_no_type,
    _a_required_field_that_is_not_described,
    _a_reference_to_nothing,
    _an_example_of_something_else,
]


def test_what_is_wrong_with_a_schema_is_noticed(
    ajv: Callable[[Schemas], dict[str, str]], published: Schemas
) -> None:
    spoilt = {spoil.__name__: copy.deepcopy(published[TYPE]) for spoil in SPOILING}
    for spoil in SPOILING:
        spoil(spoilt[spoil.__name__])
    found = ajv(spoilt)
    assert sorted(found) == sorted(spoilt), found
