"""A trace is decided once, travels as text, links batches, and never quotes anybody."""

from collections.abc import Callable, Iterator
from threading import Event
from time import monotonic

import pytest
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.contracts.trace_context import TraceContext
from shared.observability import span_names, tracing
from shared.settings import TelemetrySettings

TRACE = "0af7651916cd43dd8448eb211c80319c"
SAMPLED = TraceContext(f"00-{TRACE}-b7ad6b7169203331-01", "vendor=1")
UNSAMPLED = TraceContext(f"00-{TRACE}-b7ad6b7169203331-00")

Record = Callable[[float], InMemorySpanExporter]


@pytest.fixture
def record() -> Iterator[Record]:
    def start(ratio: float) -> InMemorySpanExporter:
        exporter = InMemorySpanExporter()
        tracing.configure(
            TelemetrySettings(sample_ratio=ratio),
            service="test",
            role="api",
            processor=SimpleSpanProcessor(exporter),
        )
        return exporter

    yield start
    tracing.shut_down()


def trace_of(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.trace_id:032x}"


def is_next_hop(here: TraceContext | None, brought: TraceContext) -> bool:
    """Whether it is the same trace, sampled alike, with a parent id that nobody had before."""
    assert here is not None
    trace, parent, flags = slice(0, 35), slice(36, 52), slice(52, None)
    same = all(here.parent[part] == brought.parent[part] for part in (trace, flags))
    return same and here.state == brought.state and here.parent[parent] != brought.parent[parent]


def test_a_new_trace_has_ids_even_when_it_is_not_recorded(record: Record) -> None:
    exporter = record(0)
    assert tracing.current() is None
    with tracing.span(span_names.STORE):
        context = tracing.current()
        with tracing.span(span_names.DECIDE):
            assert tracing.current() == context
    assert context is not None
    assert context.parent.endswith("-00")
    assert not exporter.get_finished_spans()


def test_a_recorded_trace_has_children(record: Record) -> None:
    exporter = record(1)
    with tracing.span(span_names.STORE), tracing.span(span_names.DECIDE, count=3):
        pass
    inner, outer = exporter.get_finished_spans()
    assert trace_of(inner) == trace_of(outer)
    assert inner.parent is not None
    assert inner.parent.span_id == outer.context.span_id
    assert dict(inner.attributes or {}) == {"messaging.batch.message_count": 3}


def test_a_remote_decision_is_honoured_either_way(record: Record) -> None:
    exporter = record(1)
    with tracing.use(UNSAMPLED), tracing.span(span_names.STORE):
        pass
    assert not exporter.get_finished_spans()
    exporter = record(0)
    with tracing.use(SAMPLED), tracing.span(span_names.STORE):
        here = tracing.current()
    [span] = exporter.get_finished_spans()
    assert trace_of(span) == TRACE
    assert here is not None
    assert here.state == "vendor=1"


def test_a_context_survives_without_any_export() -> None:
    with tracing.use(SAMPLED), tracing.span(span_names.STORE):
        assert is_next_hop(tracing.current(), SAMPLED)
    with tracing.use(UNSAMPLED):
        assert is_next_hop(tracing.current(), UNSAMPLED)


def test_a_batch_links_every_message_and_each_recorded_one_gets_its_own_span(
    record: Record,
) -> None:
    exporter = record(0)
    contexts = [SAMPLED, None, UNSAMPLED]
    batch_spans = tracing.batch_spans(
        span_names.CONSUME, span_names.PROCESS, contexts, about=kind_of
    )
    with batch_spans as onward:
        pass
    spans = {span.name: span for span in exporter.get_finished_spans()}
    batch, process = spans["consumer.batch"], spans["consumer.process"]
    assert {f"{link.context.trace_id:032x}" for link in batch.links} == {TRACE}
    assert len(batch.links) == 2
    assert trace_of(process) == TRACE
    assert process.attributes == {"cloudevents.event_type": "kind 0"}
    assert trace_of(batch) != TRACE
    assert is_next_hop(onward[2], UNSAMPLED)
    assert onward[0] is not None
    assert f"{process.context.span_id:016x}" in onward[0].parent


def kind_of(place: int) -> dict[str, tracing.Value]:
    return {"type": f"kind {place}"}


def test_a_batch_without_recorded_messages_is_not_recorded(record: Record) -> None:
    exporter = record(0)
    with (
        tracing.use(SAMPLED),
        tracing.batch_spans(span_names.CONSUME, span_names.PROCESS, [None, UNSAMPLED]) as onward,
    ):
        assert tracing.current() is None
    assert is_next_hop(onward[1], UNSAMPLED)
    assert not exporter.get_finished_spans()


@pytest.mark.parametrize("ratio", [0, 1])
def test_a_message_without_a_trace_begins_one(record: Record, ratio: float) -> None:
    exporter = record(ratio)
    contexts = [None, None]
    with tracing.batch_spans(span_names.CONSUME, span_names.PROCESS, contexts) as onward:
        pass
    begun = {context.parent[3:35] for context in onward if context}
    spans = {trace_of(span) for span in exporter.get_finished_spans() if "process" in span.name}
    assert len(begun) == 2
    assert spans == (begun if ratio else set())


def test_a_large_batch_links_every_message(record: Record) -> None:
    exporter = record(0)
    with tracing.batch_span(span_names.STORE, [SAMPLED] * 1_000):
        pass
    [batch] = exporter.get_finished_spans()
    assert len(batch.links) == 1_000


def test_what_shares_a_batch_without_spans_of_its_own_belongs_to_the_batch(record: Record) -> None:
    exporter = record(1)
    with tracing.use(SAMPLED), tracing.batch_span(span_names.STORE, [SAMPLED, None]):
        inside = tracing.current()
    [batch] = exporter.get_finished_spans()
    assert inside is not None
    assert trace_of(batch) == inside.parent[3:35] != TRACE


def test_the_failure_of_a_batch_is_that_of_its_messages(record: Record) -> None:
    exporter = record(1)
    with (
        pytest.raises(ValueError, match="jane"),
        tracing.batch_spans(span_names.CONSUME, span_names.PROCESS, [SAMPLED]),
    ):
        raise ValueError("jane@example.org")
    kinds = {span.name: span.attributes for span in exporter.get_finished_spans()}
    assert kinds["consumer.process"] == kinds["consumer.batch"] == {"error.type": "ValueError"}


def test_an_error_is_named_and_not_quoted(record: Record) -> None:
    exporter = record(1)
    with pytest.raises(ValueError, match="jane"), tracing.span(span_names.STORE):
        raise ValueError("jane@example.org")
    [span] = exporter.get_finished_spans()
    assert span.attributes == {"error.type": "ValueError"}
    assert not span.status.is_ok
    assert "jane" not in span.to_json()


def test_an_attribute_that_is_not_listed_is_not_recorded(record: Record) -> None:
    exporter = record(1)
    with tracing.span(span_names.STORE, customer="Jane", channel="email"):
        pass
    [span] = exporter.get_finished_spans()
    assert span.attributes == {"rapport.channel": "email"}


def test_about_the_asked_share_of_traces_is_recorded(record: Record) -> None:
    exporter = record(0.5)
    for _ in range(400):
        with tracing.span(span_names.STORE):
            pass
    assert 120 < len(exporter.get_finished_spans()) < 280


def test_a_collector_that_does_not_answer_does_not_hold_up_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tracing, "LAST_SECONDS", 0.1)
    deaf = Deaf()
    tracing.configure(TelemetrySettings(), service="test", role="api", processor=deaf)
    began = monotonic()
    tracing.shut_down()
    assert monotonic() - began < 2
    assert not tracing.exporting()
    deaf.answered.set()


class Deaf(SpanProcessor):
    """Exports to somebody who takes very long."""

    def __init__(self) -> None:
        self.answered = Event()

    def shutdown(self) -> None:
        self.answered.wait(10)
