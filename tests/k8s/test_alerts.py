"""Alerts speak of what there is, and whoever is woken finds a page."""

import re

from tests.k8s.manifests import ROOT, Json, of_kind, processes

PROD = "prod"
RUNBOOKS = ROOT / "docs/runbooks"
METRIC = re.compile(r"\b(rapport_\w+?)(?:_bucket|_count|_sum)?\b(?=[{\[) ]|$)", re.MULTILINE)
RECORDED = re.compile(r"\brapport:[\w:]+")
LABELLED = re.compile(r"\$labels\.(\w+)")
EMITTED = re.compile(r"^\| `(rapport_\w+)` \| \w+ \| ([\w, ]*) \|", re.MULTILINE)


def rules() -> list[Json]:
    groups = [group for each in of_kind(PROD, "PrometheusRule") for group in each["spec"]["groups"]]
    return [rule for group in groups for rule in group["rules"]]


def alerts() -> dict[str, Json]:
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def emitted() -> dict[str, set[str]]:
    """Every metric that a process of ours shows, and its labels."""
    page = (ROOT / "docs/telemetry.md").read_text()
    return {name: set(labels.split(", ")) for name, labels in EMITTED.findall(page)}


def test_every_metric_that_a_rule_asks_for_is_shown_by_a_process() -> None:
    for rule in rules():
        found = set(METRIC.findall(rule["expr"]))
        assert found <= emitted().keys(), rule
        assert found or RECORDED.search(rule["expr"]), rule


def test_every_recorded_series_that_an_alert_asks_for_is_recorded() -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    asked = {name for rule in rules() for name in RECORDED.findall(rule["expr"])}
    assert asked == recorded


def test_what_a_summary_names_is_left_by_its_expression() -> None:
    for name, rule in alerts().items():
        labels = set(LABELLED.findall(rule["annotations"]["summary"]))
        by = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([\w, ]+)\)", rule["expr"]))))
        assert labels <= by, name


def test_what_is_grouped_by_is_a_label_of_the_metric_or_of_its_pod() -> None:
    for name, rule in alerts().items():
        known = {"service", "part"}.union(
            *(emitted()[metric] for metric in METRIC.findall(rule["expr"]))
        )
        by = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([\w, ]+)\)", rule["expr"]))))
        assert by <= known, name


def test_every_alert_has_its_page_and_every_page_its_alert() -> None:
    pages = {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"}
    assert pages == alerts().keys()
    for name in pages:
        text = (RUNBOOKS / f"{name}.md").read_text()
        assert text.startswith(f"# {name}\n")
        assert "\n## Look\n" in text
        assert "\n## Do\n" in text
        assert f"({name}.md)" in (RUNBOOKS / "README.md").read_text()


def test_every_alert_says_whether_it_can_wait() -> None:
    assert {rule["labels"]["severity"] for rule in alerts().values()} == {"page", "ticket"}


def test_every_process_is_collected_from() -> None:
    [monitor] = of_kind(PROD, "PodMonitor")
    [endpoint] = monitor["spec"]["podMetricsEndpoints"]
    for process in processes(PROD):
        if process.args[2] != "migrate":
            assert endpoint["port"] in process.ports
