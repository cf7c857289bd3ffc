"""The log of each worker names every record that it put aside."""

import json
from typing import Any

import pytest

from shared.contracts.topics import INTAKE, SERVICES
from tests.telemetry.scene import Telemetry

SHOWN = {"info", "warning", "error"}
"""What is written where nobody asks for more."""


def lines_of(telemetry: Telemetry, service: str, event: str) -> list[dict[str, Any]]:
    """Those of its worker that say this and are written by default."""
    written = telemetry.logs[f"{service}-worker.log"].splitlines()
    lines = [json.loads(line) for line in written if line.startswith(b"{")]
    return [line for line in lines if line["event"] == event and line["level"] in SHOWN]


def place_of(line: dict[str, Any]) -> str:
    return f"{line['topic']}/{line['partition']}/{line['offset']}"


@pytest.mark.parametrize("service", SERVICES)
def test_each_dead_letter_has_one_line_that_says_where_it_was_and_why(
    telemetry: Telemetry, service: str
) -> None:
    said = lines_of(telemetry, service, "dead letter")
    letters = [dict(each.headers) for each in telemetry.records[f"rapport.{service}.dead-letters"]]
    assert sorted((place_of(line), line["reason"]) for line in said) == sorted(
        ((each["rapport-origin"] or b"").decode(), (each["rapport-reason"] or b"").decode())
        for each in letters
    )
    assert said


def test_what_was_quarantined_has_its_line_too(telemetry: Telemetry) -> None:
    said = lines_of(telemetry, INTAKE, "quarantined")
    assert said
    assert {line["topic"] for line in said} == {"rapport.inbox"}
    assert all(line["detail"] for line in said)
