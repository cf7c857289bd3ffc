"""One request and its response: a server span, its measures, safe headers, and never no response."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cache, lru_cache
from time import perf_counter
from types import TracebackType

from opentelemetry.trace import Span, SpanKind
from prometheus_client import Counter, Gauge, Histogram
from starlette.types import Message, Scope, Send

from shared.contracts.trace_context import TraceContext, read_trace
from shared.http import problems
from shared.http.response import WHOLE, HttpResponse
from shared.observability import metrics, span_names, tracing
from shared.observability.logging import get_logger

UNMATCHED = "unmatched"
UNANSWERED = 500
EVENTS = (b"content-type", b"text/event-stream; charset=utf-8")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SAFE = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)

log = get_logger(__name__)


class Exchange(AbstractContextManager["Exchange"]):
    """Wraps `send`. An exception inside is logged and swallowed; `settle` then answers with 500."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._method = scope["method"] if scope["method"] in METHODS else "OTHER"
        self._scope, self._send = scope, send
        self._status = 0
        self._stream: Gauge | None = None

    def __enter__(self) -> "Exchange":
        self._began = perf_counter()
        self._trace = tracing.use(_trace(self._scope))
        self._work = tracing.span(span_names.SERVER, kind=SpanKind.SERVER, method=self._method)
        self._trace.__enter__()
        self._span: Span = self._work.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        failed = isinstance(error, Exception)
        if failed:
            log.error("a request failed", method=self._method, route=self.route, exc_info=error)
        self._measure(self.route)
        self._work.__exit__(kind, error, trace)
        self._trace.__exit__(None, None, None)
        return failed

    @property
    def route(self) -> str:
        """The template of the route that answers, once it is known."""
        return getattr(self._scope.get("route"), "path", UNMATCHED)

    async def send(self, message: Message) -> None:
        """Pass one ASGI message on, with the headers that every response has."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message["headers"] = self._complete(message.get("headers", ()))
        await self._send(message)

    async def respond(self, response: HttpResponse) -> None:
        """Send a response as a whole, unless one has begun."""
        if self._status:
            return
        whole = self._scope.get("extensions", {}).get(WHOLE)
        if whole is None or self._method == "HEAD":
            await response.send(self.send)
        else:
            head = b"%scontent-length: %d\r\n" % (_lines(response), len(response.body))
            await whole(response.status, head, response.body)
            self._status = response.status

    async def settle(self) -> None:
        """Whatever happened, there is a response."""
        if not self._status:
            await self.respond(problems.problem("unexpected"))

    def _complete(self, given: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        if EVENTS in given:
            self._stream = metrics.http_streams.labels(self.route)
            self._stream.inc()
        return _safe(given)

    def _measure(self, route: str) -> None:
        status = self._status or UNANSWERED
        _requests(self._method, route, status).inc()
        if self._stream is not None:
            self._stream.dec()
        else:
            elapsed = perf_counter() - self._began
            _seconds(self._method, route).observe(elapsed)
        if self._span.is_recording():
            self._span.update_name(f"{self._method} {route}")
            tracing.annotate(self._span, route=route, status=status)


def _safe(given: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """With the safe headers, unless they are given."""
    named = {name for name, _ in given}
    return [*given, *(pair for pair in SAFE if pair[0] not in named)]


def _lines(response: HttpResponse) -> bytes:
    return _written((b"content-type", response.content_type), *response.headers)


@lru_cache(maxsize=1_024)
def _written(*headers: tuple[bytes, bytes]) -> bytes:
    """Headers as they are sent, the safe ones among them. Raises `ValueError` for two lines in one."""
    lines = _safe(headers)
    if any(b"\r" in part or b"\n" in part for pair in lines for part in pair):
        raise ValueError("a header is one line")
    return b"".join(b"%s: %s\r\n" % pair for pair in lines)


@cache
def _requests(method: str, route: str, status: int) -> Counter:
    """Finding a labelled instrument costs more than counting with it."""
    return metrics.http_requests.labels(method, route, status)


@cache
def _seconds(method: str, route: str) -> Histogram:
    return metrics.http_seconds.labels(method, route)


def _trace(scope: Scope) -> TraceContext | None:
    parents, states = list[str](), list[str]()
    for name, value in scope["headers"]:
        if name == b"traceparent":
            parents.append(value.decode("latin-1"))
        elif name == b"tracestate":
            states.append(value.decode("latin-1"))
    return read_trace(parents, states) if parents else None
