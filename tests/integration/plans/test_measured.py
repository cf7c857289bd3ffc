"""The command that measures plans at millions of contacts, `python -m tests.integration.plans`, with few."""

import re
from pathlib import Path

import pytest

from tests.integration.plans import __main__ as command
from tests.integration.plans.arguments import ARGUMENTS
from tests.integration.plans.sql_constants import SERVICES, statements
from tests.integration.plans.test_query_plans import BEGINNING, EXCEPTIONS

CONTACTS = 1_000


def test_every_statement_is_planned_and_the_hot_ones_are_timed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    command.main([str(CONTACTS), str(tmp_path)])
    report = capfd.readouterr().out
    lines = re.findall(r"^\| `.+`.* \|$", report, re.MULTILINE)
    times = [line for line in lines if re.search(r"\| [*\d.]+ \| [\d.]+ \| [\d,]+ \|", line)]
    several = sum(len(asked) - 1 for asked in ARGUMENTS.values() if not isinstance(asked, str))
    parts = sum(why == BEGINNING for why in EXCEPTIONS.values())
    assert len(times) == len(ARGUMENTS) + several
    assert len(lines) == len(statements()) + several - parts
    assert re.findall(r"^### (\w+)$", report, re.MULTILINE) == list(SERVICES)
    assert f"| contact | {CONTACTS:,} |" in report
    assert list(tmp_path.iterdir()) == []


def test_what_is_timed_is_a_statement_that_is_there() -> None:
    assert ARGUMENTS.keys() <= statements().keys()
