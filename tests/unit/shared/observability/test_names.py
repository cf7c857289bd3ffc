"""The names are the one list: documented, made into instruments, and free of people."""

from pathlib import Path

from prometheus_client import REGISTRY

from shared.observability import kinds, metrics, names, span_names
from shared.observability.attributes import ATTRIBUTES
from tools import telemetry

ROOT = Path(__file__).parents[4]


def test_the_page_is_current() -> None:
    assert (ROOT / "docs" / "telemetry.md").read_text() == telemetry.page()


def test_every_metric_has_its_instrument() -> None:
    assert metrics.http_requests is not None
    exposed = {family.name for family in REGISTRY.collect()}
    wanted = {metric.name.removesuffix("_total") for metric in names.METRICS}
    assert wanted <= exposed


def test_names_are_unique_and_explained() -> None:
    for kind in (names.METRICS, span_names.SPANS, ATTRIBUTES):
        assert len({entry.name for entry in kind}) == len(kind)
        assert all(entry.help.endswith(".") for entry in kind)


def test_no_label_can_hold_a_person() -> None:
    personal = {"customer", "agent", "email", "phone", "address", "name", "contact", "caller"}
    assert not personal & {label for metric in names.METRICS for label in metric.labels}


def test_counters_end_in_total_and_times_in_seconds() -> None:
    counters = [metric.name for metric in names.METRICS if metric.kind == "counter"]
    assert all(name.endswith("_total") for name in counters)
    times = [metric for metric in names.METRICS if metric.buckets is kinds.SECONDS]
    assert all(m.name.endswith("_seconds") for m in times if m.kind == "histogram")
