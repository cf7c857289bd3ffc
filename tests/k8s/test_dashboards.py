"""Every panel asks for what there is, in a way that Prometheus understands, and says what it shows."""

import json
from pathlib import Path

import pytest
import yaml

from shared.contracts.topics import SERVICES
from tests.k8s.manifests import Json, of_kind
from tests.k8s.rules import (
    PROD,
    RECORDED,
    asked,
    grouped_by,
    labels_of,
    recorded,
    shown,
    wrongly_matched,
)
from tests.k8s.test_rules import promtool
from tools.dashboards.panels import RATE

UNITS = {"s", "ops", "short", "none", "bytes", "percentunit"}
"""Names of Grafana's."""


def dashboards() -> dict[str, Json]:
    """As Grafana's sidecar finds them, by the names of their files."""
    found: dict[str, Json] = {}
    for each in of_kind(PROD, "ConfigMap"):
        if each["metadata"].get("labels", {}).get("grafana_dashboard") == "1":
            found |= {Path(file).stem: json.loads(text) for file, text in each["data"].items()}
    return found


def panels() -> list[tuple[str, Json]]:
    """All that show something, each with the name of its dashboard and its own."""
    return [
        (f"{name}: {panel['title']}", panel)
        for name, dashboard in dashboards().items()
        for panel in dashboard["panels"]
        if panel["type"] != "row"
    ]


def expressions() -> list[tuple[str, str]]:
    """Every query, with the interval that Grafana would put into it."""
    return [
        (name, target["expr"].replace(RATE, "5m"))
        for name, panel in panels()
        for target in panel["targets"]
    ]


def test_there_is_one_of_the_journey_and_one_of_each_service() -> None:
    assert dashboards().keys() == {"journey", *SERVICES}


def test_every_metric_that_a_panel_asks_for_is_shown_or_recorded() -> None:
    for name, expression in expressions():
        series = set(RECORDED.findall(expression))
        assert asked(expression) <= shown().keys(), name
        assert series <= recorded(), name
        assert series | asked(expression), name


def test_a_panel_asks_by_labels_that_the_metric_has() -> None:
    for name, expression in expressions():
        assert wrongly_matched(expression) == [], name
        assert grouped_by(expression) - {"le"} <= labels_of(expression), name


def test_a_legend_names_labels_that_are_left() -> None:
    for name, panel in panels():
        for target in panel["targets"]:
            if (legend := target["legendFormat"]).startswith("{{"):
                assert legend.strip("{}") in grouped_by(target["expr"]), name


def test_a_panel_has_a_title_of_its_own_and_a_unit() -> None:
    for name, dashboard in dashboards().items():
        titles = [(panel["type"], panel["title"]) for panel in dashboard["panels"]]
        assert all(title for _, title in titles), name
    assert {panel["fieldConfig"]["defaults"]["unit"] for _, panel in panels()} == UNITS


def test_panels_lie_side_by_side_and_not_on_each_other() -> None:
    for name, dashboard in dashboards().items():
        taken = [square for panel in dashboard["panels"] for square in _squares(panel["gridPos"])]
        assert len(taken) == len(set(taken)), name
        assert max(x for x, _ in taken) < 24, name


def _squares(at: dict[str, int]) -> list[tuple[int, int]]:
    across, down = range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])
    return [(x, y) for x in across for y in down]


def test_whoever_looks_chooses_the_source() -> None:
    for name, dashboard in dashboards().items():
        [variable] = dashboard["templating"]["list"]
        assert variable["query"] == "prometheus", name
        assert "uid" not in dashboard, name
    assert {panel["datasource"]["uid"] for _, panel in panels()} == {"${datasource}"}


def test_prometheus_understands_every_query(tmp_path: Path) -> None:
    records = [
        {"record": f"panel:{number}", "expr": expression}
        for number, (_, expression) in enumerate(expressions())
    ]
    groups = {"groups": [{"name": "panels", "rules": records}]}
    (tmp_path / "panels.yaml").write_text(yaml.safe_dump(groups))
    promtool(tmp_path, "check", "rules", "panels.yaml")


def test_a_query_that_prometheus_does_not_understand_is_noticed(tmp_path: Path) -> None:
    broken = [{"record": "panel:0", "expr": "sum by (service (up)"}]
    (tmp_path / "panels.yaml").write_text(
        yaml.safe_dump({"groups": [{"name": "panels", "rules": broken}]})
    )
    with pytest.raises(AssertionError, match="could not parse expression"):
        promtool(tmp_path, "check", "rules", "panels.yaml")
