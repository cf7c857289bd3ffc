"""Objectives promise what can be told from the metrics there are, and the page says what they promise."""

import re

from shared.contracts.intake import PromiseOutcome
from shared.observability.names import METRICS
from tests.k8s.manifests import ROOT
from tools.objectives import DAYS, OBJECTIVES, Objective

BUCKETS = {f"{each.name}_bucket": each.buckets for each in METRICS if each.kind == "histogram"}


def matched(objective: Objective, label: str) -> list[str]:
    """The values of the label that it asks for."""
    return re.findall(rf'\b{label}=~?"([^"]+)"', objective.total + objective.good)


def test_every_objective_is_on_the_page_with_what_it_promises_and_allows() -> None:
    rows = [
        f"| `{each.name}` | {each.percent:g} % | {each.room * DAYS * 24 * 60:.0f} min |"
        for each in OBJECTIVES
    ]
    page = (ROOT / "docs/operate/monitoring.md").read_text()
    assert [row for row in rows if row not in page] == []


def test_the_seconds_of_an_objective_are_the_end_of_a_bucket() -> None:
    limited = {each.name: matched(each, "le") for each in OBJECTIVES if matched(each, "le")}
    assert len(limited) == 3
    for objective in OBJECTIVES:
        name = objective.good.partition("{")[0]
        for seconds in matched(objective, "le"):
            assert seconds in map(str, BUCKETS[name]), objective.name


def test_the_route_of_an_objective_is_one_of_its_service() -> None:
    routes = (ROOT / "docs/routes.md").read_text().partition("## Intake")[2].partition("## ")[0]
    [latency] = [each for each in OBJECTIVES if matched(each, "route")]
    assert set(matched(latency, "service")) == {"intake"}
    for method, route in zip(matched(latency, "method"), matched(latency, "route"), strict=True):
        assert f"| `{method}` | `{route}` |" in routes


def test_a_promise_counts_unless_it_was_renegotiated_or_void() -> None:
    [promises] = [each for each in OBJECTIVES if matched(each, "outcome")]
    total, good = (set(each.split("|")) for each in matched(promises, "outcome"))
    assert total == set(PromiseOutcome) - {PromiseOutcome.RENEGOTIATED, PromiseOutcome.VOID}
    assert good == total - {PromiseOutcome.BROKEN}
