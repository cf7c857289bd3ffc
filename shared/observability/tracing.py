"""Spans by hand where they matter, and a trace context that travels in headers and rows.

Whether a trace is recorded is decided once, where it begins; below a trace that is not, a span
costs one look at the context and nothing else.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import Token
from threading import Thread
from typing import Final

from opentelemetry import context as otel
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    NoOpTracer,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    TraceState,
    get_current_span,
    set_span_in_context,
)

from shared.contracts.trace_context import TraceContext
from shared.observability.attributes import ATTRIBUTES
from shared.observability.kinds import SpanName
from shared.settings import TelemetrySettings

LAST_SECONDS: Final = 3.0
MOST_LINKS: Final = 2_000
"""As many as a batch may hold: each record of it is linked."""
Value = str | int | float | bool
About = Callable[[int], Mapping[str, Value]]

_TRACE, _SPAN, _FLAGS = slice(3, 35), slice(36, 52), slice(53, 55)
_ATTRIBUTE: Final = {attribute.keyword: attribute.name for attribute in ATTRIBUTES}
_NEVER_ZERO: Final = 1 << 64 | 1
"""A bit of the trace's id and one of the span's: neither may be all zeros."""
_NOWHERE: Final = SpanContext(0, 0, is_remote=False)
_UNRECORDED: Final = NonRecordingSpan(_NOWHERE)


def nothing(_: int) -> Mapping[str, Value]:
    """Nothing is known about the items of a batch."""
    return {}


class _State:
    """What `configure` has set: nobody else writes it."""

    tracer: Tracer = NoOpTracer()
    provider: TracerProvider | None = None
    ratio: float = 0.0


def configure(
    settings: TelemetrySettings, *, service: str, role: str, processor: SpanProcessor | None = None
) -> None:
    """Start exporting if there is somewhere to export to; `processor` replaces the exporter."""
    if processor is None and settings.otlp_endpoint is not None:
        processor = _exporter(settings.otlp_endpoint.rstrip("/") + "/v1/traces")
    if processor is None:
        return
    resource = Resource.create({"service.name": f"rapport-{service}", "rapport.role": role})
    limits = SpanLimits(max_links=MOST_LINKS)
    provider = TracerProvider(resource=resource, span_limits=limits, shutdown_on_exit=False)
    provider.add_span_processor(processor)
    _State.provider, _State.ratio = provider, settings.sample_ratio
    _State.tracer = provider.get_tracer("rapport")


def _exporter(endpoint: str) -> SpanProcessor:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - dear
        OTLPSpanExporter,
    )

    return BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint))


def shut_down() -> None:
    """Export what is left, and stop; a collector that does not answer is not waited for long."""
    if _State.provider is not None:
        last = Thread(target=_State.provider.shutdown, name="last spans", daemon=True)
        last.start()
        last.join(LAST_SECONDS)
    _State.provider, _State.tracer, _State.ratio = None, NoOpTracer(), 0.0


def exporting() -> bool:
    """Whether anybody looks: if not, nothing needs to be found out for a span alone."""
    return _State.provider is not None


def current() -> TraceContext | None:
    """Where we are in a trace, to be put into headers, rows and events; None outside of one.

    What somebody else began and we do not record still gets a parent id of ours, as each hop has to.
    """
    here = get_current_span().get_span_context()
    written = _written(here)
    return _hop(written) if written and here.is_remote else written


def current_ids() -> tuple[str, str] | None:
    """The ids of trace and span as logs show them."""
    here = get_current_span().get_span_context()
    return (f"{here.trace_id:032x}", f"{here.span_id:016x}") if here.is_valid else None


class use:  # noqa: N801  (used as a function is: `with use(context):`)
    """What is done inside belongs to the given trace; to none if it is None."""

    __slots__ = ("_context", "_token")

    def __init__(self, context: TraceContext | None) -> None:
        self._context = context

    def __enter__(self) -> None:
        context = self._context
        parent = _parent(context) if context else _NOWHERE
        self._token = otel.attach(_inside(parent))

    def __exit__(self, *_: object) -> None:
        otel.detach(self._token)


class span:  # noqa: N801  (used as a function is: `with span(span_names.STORE):`)
    """A piece of work inside the current trace, or the start of a new one.

    An exception marks the span by its class and goes on; its text is not recorded. A trace that
    begins here is recorded by chance, or certainly if `recorded` says so.
    """

    __slots__ = ("_attributes", "_kind", "_linked", "_name", "_recorded", "_span", "_token")

    def __init__(
        self,
        name: SpanName,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        linked: Sequence[SpanContext] = (),
        recorded: bool = False,
        **attributes: Value,
    ) -> None:
        self._name, self._kind, self._linked, self._attributes = name, kind, linked, attributes
        self._recorded = recorded

    def __enter__(self) -> Span:
        here = get_current_span().get_span_context()
        self._span: Span = _UNRECORDED
        self._token: Token[Context] | None = None
        if here.is_valid and not here.trace_flags.sampled:
            return self._span
        if here.is_valid or self._recorded or _chosen():
            self._span = _started(self._name, self._kind, self._linked, self._attributes)
            self._token = otel.attach(set_span_in_context(self._span))
        else:
            self._token = otel.attach(_inside(_fresh()))
        return self._span

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, Exception):
            _failed(self._span, error)
        if self._token is not None:
            otel.detach(self._token)
            self._span.end()


@contextmanager
def batch_span(
    name: SpanName,
    contexts: Sequence[TraceContext | None],
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    **attributes: Value,
) -> Iterator[None]:
    """One span for a batch, linked to the span behind each item, if any of those is recorded.

    What is done inside belongs to the batch, and to the trace of none of its items.
    """
    causes = [context for context in contexts if context]
    with _batch(name, kind, causes, attributes, recorded=any(map(_sampled, causes))):
        yield


@contextmanager
def batch_spans(
    name: SpanName,
    each: SpanName,
    contexts: Sequence[TraceContext | None],
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    about: About = nothing,
    **attributes: Value,
) -> Iterator[list[TraceContext | None]]:
    """As `batch_span`, and a span for each recorded item; one that comes without a trace begins one.

    `about` tells an item's attributes by its place. Gives, item by item, the context that what
    the item causes should carry.
    """
    recorded = [_sampled(context) if context else _chosen() for context in contexts]
    with _batch(name, kind, contexts, attributes, recorded=any(recorded)) as batch:
        spans = [
            _item(each, kind, contexts[place], batch, about(place)) if wanted else None
            for place, wanted in enumerate(recorded)
        ]
        try:
            yield [
                _written(own.get_span_context()) if own else _hop(cause) if cause else _begun()
                for cause, own in zip(contexts, spans, strict=True)
            ]
        except Exception as error:
            for own in filter(None, spans):
                _failed(own, error)
            raise
        finally:
            for own in filter(None, spans):
                own.end()


def annotate(span_: Span, **attributes: Value) -> None:
    """Add attributes to a span; what `ATTRIBUTES` does not list is left out."""
    if span_.is_recording():
        span_.set_attributes(_named(attributes))


def _failed(span_: Span, error: Exception) -> None:
    if span_.is_recording():
        annotate(span_, error=type(error).__name__)
        span_.set_status(Status(StatusCode.ERROR))


def _started(
    name: SpanName, kind: SpanKind, linked: Sequence[SpanContext], attributes: dict[str, Value]
) -> Span:
    links = [Link(other) for other in linked]
    return _State.tracer.start_span(
        name.name, kind=kind, links=links, attributes=_named(attributes)
    )


def _chosen() -> bool:
    return random.random() < _State.ratio  # noqa: S311  (a sample, not a secret)


@contextmanager
def _batch(
    name: SpanName,
    kind: SpanKind,
    causes: Sequence[TraceContext | None],
    attributes: Mapping[str, Value],
    *,
    recorded: bool,
) -> Iterator[Span]:
    with use(None):
        if not recorded:
            yield _UNRECORDED
            return
        linked = [_parent(cause) for cause in causes if cause]
        with span(name, kind=kind, linked=linked, recorded=True, **attributes) as batch:
            yield batch


def _fresh() -> SpanContext:
    """A trace with ids, for logs and headers, of which nothing is exported."""
    trace, own = random.getrandbits(128), random.getrandbits(64)
    return SpanContext(trace or 1, own or 1, is_remote=False)


def _begun() -> TraceContext:
    """A trace that begins with an item of a batch, and of which nothing is exported."""
    ids = f"{random.getrandbits(192) | _NEVER_ZERO:048x}"
    return TraceContext(f"00-{ids[:32]}-{ids[32:]}-00")


def _hop(context: TraceContext) -> TraceContext:
    """The same trace with a parent id of our own."""
    parent = context.parent
    own = f"{random.getrandbits(64) or 1:016x}"
    return TraceContext(f"{parent[:36]}{own}{parent[52:]}", context.state)


def _item(
    name: SpanName,
    kind: SpanKind,
    cause: TraceContext | None,
    batch: Span,
    about: Mapping[str, Value],
) -> Span:
    return _State.tracer.start_span(
        name.name,
        _inside(_parent(cause) if cause else _NOWHERE),
        kind,
        links=[Link(batch.get_span_context())],
        attributes=_named(about),
    )


def _named(attributes: Mapping[str, Value]) -> dict[str, Value]:
    return {_ATTRIBUTE[key]: value for key, value in attributes.items() if key in _ATTRIBUTE}


def _inside(parent: SpanContext) -> Context:
    return set_span_in_context(NonRecordingSpan(parent))


def _sampled(context: TraceContext) -> bool:
    """Whether what happens in this trace is to be recorded, by somebody who exports it."""
    return exporting() and int(context.parent[_FLAGS], 16) & 1 == 1


def _parent(context: TraceContext) -> SpanContext:
    """The parent of what is done inside."""
    trace, parent = int(context.parent[_TRACE], 16), int(context.parent[_SPAN], 16)
    flags = TraceFlags(int(context.parent[_FLAGS], 16) & 1)
    state = TraceState.from_header([context.state]) if context.state else None
    return SpanContext(trace, parent, True, flags, state)


def _written(here: SpanContext) -> TraceContext | None:
    if not here.is_valid:
        return None
    parent = f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}"
    return TraceContext(parent, here.trace_state.to_header())
