"""What objectives are computed from is there, under the names and labels by which they ask for it."""

import re

import pytest

from tests.telemetry.scene import Telemetry
from tests.telemetry.test_metrics import PROCESSES
from tools.objectives import OBJECTIVES, Objective

MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')


def counted(telemetry: Telemetry, selector: str) -> float:
    """The sum of what Prometheus would find; which service it is of, the PodMonitor says."""
    name, _, matchers = selector.partition("{")
    return sum(
        sample.value
        for process in PROCESSES
        for sample in telemetry.samples(process)
        if sample.name == name and _meets({**sample.labels, "service": process[0]}, matchers)
    )


def _meets(labels: dict[str, str], matchers: str) -> bool:
    return all(
        (re.fullmatch(value if "~" in sign else re.escape(value), labels.get(name, "")) is None)
        == ("!" in sign)
        for name, sign, value in MATCHER.findall(matchers)
    )


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda objective: objective.name)
def test_an_objective_finds_what_it_counts(telemetry: Telemetry, objective: Objective) -> None:
    good, total = counted(telemetry, objective.good), counted(telemetry, objective.total)
    assert 0 < good <= total
