"""One trace leads from a customer's entry to the figure, and a collector sees it whole."""

from collections.abc import Iterable

import pytest

from deploy.local.platform import API, SERVICES, WORKER
from shared.contracts.cloudevents import decode
from shared.contracts.topics import ANALYTICS, FOLLOWUP, INTAKE, LIVE, ROUTING
from shared.observability import span_names
from shared.observability.attributes import ATTRIBUTES
from shared.observability.kinds import SpanName, said_by
from tests.support.otlp import Place, Seen
from tests.telemetry.journeys import BROUGHT, HTTP, KAFKA, KAFKA_ALONE, OUTSIDE, SMTP
from tests.telemetry.scene import Process, Telemetry

ENTRIES = {
    SMTP: (INTAKE, API),
    HTTP: (INTAKE, API),
    KAFKA: (INTAKE, WORKER),
    KAFKA_ALONE: (INTAKE, WORKER),
}
WORKERS = {(service, WORKER) for service in SERVICES}
PROCESSES = [(service, role) for service in SERVICES for role in (API, WORKER)]
HANDED_ON = {
    (INTAKE, ROUTING),
    (INTAKE, FOLLOWUP),
    (INTAKE, ANALYTICS),
    (ROUTING, INTAKE),
    (ROUTING, FOLLOWUP),
    (ROUTING, ANALYTICS),
    (FOLLOWUP, INTAKE),
    (FOLLOWUP, ROUTING),
    (FOLLOWUP, ANALYTICS),
}
RESOURCE = {"service.name", "rapport.role"}
OF_THE_LIBRARY = {
    "service.instance.id",
    "telemetry.sdk.language",
    "telemetry.sdk.name",
    "telemetry.sdk.version",
}


def trace_of(telemetry: Telemetry, entry: str) -> str:
    """The one trace of all events about the contact that came by the entry."""
    contact_id, found = telemetry.contacts[entry], set()
    for topic in LIVE:
        for record in telemetry.records[topic.name]:
            if record.key == contact_id.encode() and "inbox" not in topic.name:
                trace = decode(record).trace
                found.add(trace.parent.split("-")[1] if trace else "none")
    assert len(found) == 1, f"{entry}: {found}"
    return found.pop()


def spans_of(telemetry: Telemetry, entry: str) -> list[Seen]:
    trace_id = trace_of(telemetry, entry)
    return [span for span in telemetry.spans if span.trace_id == trace_id]


def named(spans: Iterable[Seen], *wanted: SpanName) -> list[Seen]:
    return [span for span in spans if span.raw.name in {name.name for name in wanted}]


@pytest.mark.parametrize("entry", ENTRIES)
def test_one_trace_leads_from_the_entry_through_all_services(
    telemetry: Telemetry, entry: str
) -> None:
    seen = {span.process for span in spans_of(telemetry, entry)}
    assert seen >= {ENTRIES[entry], *WORKERS}


@pytest.mark.parametrize("entry", BROUGHT)
def test_a_trace_that_is_brought_along_is_continued(telemetry: Telemetry, entry: str) -> None:
    assert trace_of(telemetry, entry) == BROUGHT[entry]


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_trace_is_one_tree(telemetry: Telemetry, entry: str) -> None:
    spans = spans_of(telemetry, entry)
    places = {span.place for span in spans}
    roots = [span for span in spans if span.parent not in places]
    assert {span.process for span in roots} == {ENTRIES[entry]}
    known = {(BROUGHT[entry], OUTSIDE)} if entry in BROUGHT else {None}
    assert {span.parent for span in roots} == known


@pytest.mark.parametrize("entry", ENTRIES)
def test_each_service_continues_the_trace_of_the_one_before_it(
    telemetry: Telemetry, entry: str
) -> None:
    by_place = {span.place: span for span in spans_of(telemetry, entry)}
    edges = {
        (by_place[span.parent].service, span.service)
        for span in named(by_place.values(), span_names.PROCESS)
        if span.parent in by_place
    }
    assert {edge for edge in edges if edge[0] != edge[1]} == HANDED_ON


@pytest.mark.parametrize(
    ("batch", "item"),
    [
        (span_names.CONSUME, span_names.PROCESS),
        (span_names.RELAY, span_names.PUBLISH),
        (span_names.TIMER, span_names.ACT),
    ],
)
def test_a_batch_and_what_is_in_it_are_linked(
    telemetry: Telemetry, batch: SpanName, item: SpanName
) -> None:
    batches = {span.place: span for span in named(telemetry.spans, batch)}
    inside: dict[Place, list[Seen]] = {place: [] for place in batches}
    for span in named(telemetry.spans, item):
        [place] = span.links & batches.keys()
        inside[place].append(span)
    assert inside
    for place, held in inside.items():
        assert held
        assert batches[place].links == {span.parent for span in held if span.parent}
        assert {span.process for span in held} == {batches[place].process}


def test_a_group_commit_is_linked_to_all_that_shares_it(telemetry: Telemetry) -> None:
    received = [
        span.place
        for span in telemetry.spans
        if span.raw.name in (span_names.RECEIVE.name, "POST /v1/contacts")
    ]
    commits = named(telemetry.spans, span_names.STORE)
    assert max(len(span.links) for span in commits) > 1
    assert set().union(*(span.links for span in commits)) <= set(received)


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_shows_the_spans_it_is_documented_to_show(
    telemetry: Telemetry, process: Process
) -> None:
    spans = [span for span in telemetry.spans if span.process == process]
    shown = {span_names.SERVER.name if " /" in span.raw.name else span.raw.name for span in spans}
    shown = {span_names.SERVER.name if name.endswith("unmatched") else name for name in shown}
    assert shown == {span.name for span in span_names.SPANS if said_by(span, *process)}


def test_only_the_listed_attributes_are_recorded_and_each_of_them_is(telemetry: Telemetry) -> None:
    recorded = {name for span in telemetry.spans for name in span.attributes}
    assert recorded == {attribute.name for attribute in ATTRIBUTES}


def test_a_span_holds_no_text_beside_its_attributes(telemetry: Telemetry) -> None:
    assert telemetry.spans
    for span in telemetry.spans:
        assert not span.raw.events
        assert not span.raw.status.message
        assert not any(link.attributes for link in span.raw.links)
        assert span.resource.keys() - OF_THE_LIBRARY == RESOURCE


def test_what_failed_is_marked_by_its_class(telemetry: Telemetry) -> None:
    failed = {span.attributes.get("error.type") for span in telemetry.spans}
    assert {"RaiseError", "Invalid"} <= failed


def test_a_delivery_shows_its_outcome(telemetry: Telemetry) -> None:
    outcomes = {
        span.attributes["rapport.outcome"] for span in named(telemetry.spans, span_names.SEND)
    }
    assert outcomes == {"delivered", "refused", "putoff"}
