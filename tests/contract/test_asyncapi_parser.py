"""The AsyncAPI document is read by AsyncAPI's own parser, which finds nothing to complain about."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.packages import node, node_project

pytestmark = pytest.mark.timeout(360)  # what is fetched for the first time may take minutes

Document = dict[str, Any]
COMMITTED = Path(__file__).parents[2] / "docs" / "asyncapi.json"


def _no_channels_left(bad: Document) -> None:
    bad["channels"] = {}


def _a_payload_that_is_nowhere(bad: Document) -> None:
    del bad["components"]["schemas"]["ContactSubmitted"]


def _an_operation_on_no_channel(bad: Document) -> None:
    bad["operations"]["intake.receive.rapport.inbox"]["channel"] = {"$ref": "#/channels/gone"}


def _headers_that_are_no_object(bad: Document) -> None:
    bad["components"]["schemas"]["CloudEventBinaryHeaders"]["type"] = "list"


SPOILING = (
    _no_channels_left,
    _a_payload_that_is_nowhere,
    _an_operation_on_no_channel,
    _headers_that_are_no_object,
)


@pytest.fixture(scope="module")
def complaints() -> dict[str, list[str]]:
    """What the parser says of the committed document, and of it spoilt in several ways."""
    committed: Document = json.loads(COMMITTED.read_text("utf-8"))
    documents = {"committed": committed}
    for spoil in SPOILING:
        documents[spoil.__name__] = copy.deepcopy(committed)
        spoil(documents[spoil.__name__])
    project = node_project(Path(__file__).with_name("javascript"))
    found: dict[str, list[str]] = json.loads(node(project, "asyncapi.js", json.dumps(documents)))
    return found


def test_the_parser_reads_the_document_without_error_or_warning(
    complaints: dict[str, list[str]],
) -> None:
    assert complaints["committed"] == []


@pytest.mark.parametrize("spoil", SPOILING)
def test_what_is_wrong_with_a_document_is_noticed(
    complaints: dict[str, list[str]], spoil: Callable[[Document], None]
) -> None:
    assert any(line.startswith("error ") for line in complaints[spoil.__name__])
