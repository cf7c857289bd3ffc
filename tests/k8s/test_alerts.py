"""Alerts speak of what there is, and whoever is woken finds a page."""

import re

from tests.k8s.manifests import ROOT, of_kind, processes
from tests.k8s.rules import (
    PROD,
    RECORDED,
    alerts,
    asked,
    grouped_by,
    labels_of,
    recorded,
    rules,
    shown,
    wrongly_matched,
)

RUNBOOKS = ROOT / "docs/runbooks"
LABELLED = re.compile(r"\$labels\.(\w+)")


def test_every_metric_that_a_rule_asks_for_is_shown_by_a_process() -> None:
    for rule in rules():
        found = asked(rule["expr"])
        assert found <= shown().keys(), rule
        assert found or RECORDED.search(rule["expr"]), rule


def test_a_metric_is_asked_for_by_labels_that_it_has() -> None:
    assert [fault for rule in rules() for fault in wrongly_matched(rule["expr"])] == []
    assert wrongly_matched('up{part="api"} / rapport_outbox_rows{topic="x"}')


def test_every_recorded_series_is_asked_for_and_the_other_way_round() -> None:
    assert recorded() == {name for rule in rules() for name in RECORDED.findall(rule["expr"])}


def test_what_a_summary_names_is_left_by_its_expression() -> None:
    for rule in alerts():
        labels = set(LABELLED.findall(rule["annotations"]["summary"]))
        assert labels <= grouped_by(rule["expr"]), rule["alert"]


def test_what_is_grouped_by_is_a_label_of_the_metric_or_of_its_pod() -> None:
    for rule in alerts():
        assert grouped_by(rule["expr"]) <= labels_of(rule["expr"]), rule["alert"]


def test_every_alert_has_its_page_and_every_page_its_alert() -> None:
    pages = {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"}
    assert pages == {rule["alert"] for rule in alerts()}
    for name in pages:
        text = (RUNBOOKS / f"{name}.md").read_text()
        assert text.startswith(f"# {name}\n")
        assert "\n## Look\n" in text
        assert "\n## Do\n" in text
        assert f"({name}.md)" in (RUNBOOKS / "README.md").read_text()


def test_every_alert_says_whether_it_can_wait() -> None:
    assert {rule["labels"]["severity"] for rule in alerts()} == {"page", "ticket"}


def test_every_process_is_collected_from() -> None:
    monitors = {each["metadata"]["name"]: each["spec"] for each in of_kind(PROD, "PodMonitor")}
    [endpoint] = monitors["rapport"]["podMetricsEndpoints"]
    for process in processes(PROD):
        if process.args[2] in ("api", "worker"):
            assert endpoint["port"] in process.ports
