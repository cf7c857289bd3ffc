"""One trace leads from the door a customer came through to the figure, and a collector sees it whole."""

from collections.abc import Iterable

import pytest

from deploy.local.platform import API, SERVICES, WORKER
from shared.contracts.cloudevents import decode
from shared.contracts.topics import ANALYTICS, FOLLOWUP, INTAKE, LIVE, ROUTING
from shared.observability import names
from shared.observability.names import SpanName, said_by
from tests.signals.journeys import BROUGHT, HTTP, KAFKA, KAFKA_ALONE, OUTSIDE, SMTP
from tests.signals.scene import Process, Signals
from tests.support.otlp import Place, Seen

DOORS = {
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


def trace_of(signals: Signals, door: str) -> str:
    """The one trace of all that was said about the contact that came through the door."""
    contact_id, found = signals.contacts[door], set()
    for topic in LIVE:
        for record in signals.records[topic.name]:
            if record.key == contact_id.encode() and "inbox" not in topic.name:
                trace = decode(record).trace
                found.add(trace.parent.split("-")[1] if trace else "none")
    assert len(found) == 1, f"{door}: {found}"
    return found.pop()


def spans_of(signals: Signals, door: str) -> list[Seen]:
    trace_id = trace_of(signals, door)
    return [span for span in signals.spans if span.trace_id == trace_id]


def named(spans: Iterable[Seen], *wanted: SpanName) -> list[Seen]:
    return [span for span in spans if span.raw.name in {name.name for name in wanted}]


@pytest.mark.parametrize("door", DOORS)
def test_one_trace_leads_from_the_door_through_all_services(signals: Signals, door: str) -> None:
    seen = {span.process for span in spans_of(signals, door)}
    assert seen >= {DOORS[door], *WORKERS}


@pytest.mark.parametrize("door", BROUGHT)
def test_a_trace_that_is_brought_along_is_continued(signals: Signals, door: str) -> None:
    assert trace_of(signals, door) == BROUGHT[door]


@pytest.mark.parametrize("door", DOORS)
def test_a_trace_is_one_tree(signals: Signals, door: str) -> None:
    spans = spans_of(signals, door)
    places = {span.place for span in spans}
    roots = [span for span in spans if span.parent not in places]
    assert {span.process for span in roots} == {DOORS[door]}
    known = {(BROUGHT[door], OUTSIDE)} if door in BROUGHT else {None}
    assert {span.parent for span in roots} == known


@pytest.mark.parametrize("door", DOORS)
def test_each_service_continues_what_the_one_before_it_said(signals: Signals, door: str) -> None:
    by_place = {span.place: span for span in spans_of(signals, door)}
    edges = {
        (by_place[span.parent].service, span.service)
        for span in named(by_place.values(), names.PROCESS)
        if span.parent in by_place
    }
    assert {edge for edge in edges if edge[0] != edge[1]} == HANDED_ON


@pytest.mark.parametrize(
    ("batch", "item"),
    [(names.CONSUME, names.PROCESS), (names.RELAY, names.PUBLISH), (names.TIMER, names.ACT)],
)
def test_a_batch_and_what_is_in_it_are_linked(
    signals: Signals, batch: SpanName, item: SpanName
) -> None:
    batches = {span.place: span for span in named(signals.spans, batch)}
    inside: dict[Place, list[Seen]] = {place: [] for place in batches}
    for span in named(signals.spans, item):
        [place] = span.links & batches.keys()
        inside[place].append(span)
    assert inside
    for place, held in inside.items():
        assert held
        assert batches[place].links == {span.parent for span in held if span.parent}
        assert {span.process for span in held} == {batches[place].process}


def test_a_group_commit_is_linked_to_all_that_shares_it(signals: Signals) -> None:
    taken = [
        span.place
        for span in signals.spans
        if span.raw.name in (names.RECEIVE.name, "POST /v1/contacts")
    ]
    commits = named(signals.spans, names.STORE)
    assert max(len(span.links) for span in commits) > 1
    assert set().union(*(span.links for span in commits)) <= set(taken)


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_shows_the_spans_it_is_said_to_show(signals: Signals, process: Process) -> None:
    spans = [span for span in signals.spans if span.process == process]
    shown = {names.SERVER.name if " /" in span.raw.name else span.raw.name for span in spans}
    shown = {names.SERVER.name if name.endswith("unmatched") else name for name in shown}
    assert shown == {span.name for span in names.SPANS if said_by(span, *process)}


def test_only_the_listed_attributes_are_recorded_and_each_of_them_is(signals: Signals) -> None:
    recorded = {name for span in signals.spans for name in span.attributes}
    assert recorded == {attribute.name for attribute in names.ATTRIBUTES}


def test_a_span_holds_no_text_beside_its_attributes(signals: Signals) -> None:
    assert signals.spans
    for span in signals.spans:
        assert not span.raw.events
        assert not span.raw.status.message
        assert not any(link.attributes for link in span.raw.links)
        assert span.resource.keys() - OF_THE_LIBRARY == RESOURCE


def test_what_failed_is_marked_by_its_class(signals: Signals) -> None:
    failed = {span.attributes.get("error.type") for span in signals.spans}
    assert {"RaiseError", "Invalid"} <= failed


def test_a_delivery_says_what_became_of_it(signals: Signals) -> None:
    outcomes = {span.attributes["rapport.outcome"] for span in named(signals.spans, names.SEND)}
    assert outcomes == {"delivered", "refused", "putoff"}
