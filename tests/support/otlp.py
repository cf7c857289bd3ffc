"""A collector for tests: takes traces by OTLP over HTTP, as the real ones do, and keeps them."""

import gzip
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from deploy.local.ports import LOOPBACK
from deploy.local.started import Started

Place = tuple[str, str]
"""The ids of trace and span, in hex."""


@dataclass(frozen=True)
class Seen:
    """A span as it arrived, and the process that sent it."""

    service: str
    role: str
    resource: dict[str, Any]
    raw: Span

    @property
    def process(self) -> tuple[str, str]:
        return self.service, self.role

    @property
    def kind(self) -> str:
        return str(Span.SpanKind.Name(self.raw.kind)).removeprefix("SPAN_KIND_").lower()

    @property
    def trace_id(self) -> str:
        return self.raw.trace_id.hex()

    @property
    def place(self) -> Place:
        return self.trace_id, self.raw.span_id.hex()

    @property
    def parent(self) -> Place | None:
        parent = self.raw.parent_span_id.hex()
        return (self.trace_id, parent) if parent else None

    @property
    def links(self) -> set[Place]:
        return {(link.trace_id.hex(), link.span_id.hex()) for link in self.raw.links}

    @property
    def attributes(self) -> dict[str, Any]:
        return _plain(self.raw.attributes)


class Collector(Started):
    """Listens on a free port of the loopback address; a context manager.

    `endpoint` is what `RAPPORT_TELEMETRY__OTLP_ENDPOINT` wants.
    """

    def __init__(self) -> None:
        self._requests: list[ExportTraceServiceRequest] = []
        self._server = ThreadingHTTPServer((LOOPBACK, 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, name="collector")

    def start(self) -> Self:
        """Return when it is there."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def endpoint(self) -> str:
        return f"http://{LOOPBACK}:{self._server.server_address[1]}"

    @property
    def spans(self) -> list[Seen]:
        """All that came so far."""
        return [span for request in list(self._requests) for span in _spans_in(request)]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        kept = self._requests

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                right = self.path == "/v1/traces" and "protobuf" in self.headers["Content-Type"]
                if right:
                    kept.append(ExportTraceServiceRequest.FromString(body))
                self.send_response(200 if right else 404)
                self.send_header("Content-Type", "application/x-protobuf")
                self.end_headers()
                self.wfile.write(ExportTraceServiceResponse().SerializeToString())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


def _spans_in(request: ExportTraceServiceRequest) -> Iterator[Seen]:
    for batch in request.resource_spans:
        resource = _plain(batch.resource.attributes)
        service = str(resource["service.name"]).removeprefix("rapport-")
        for scope in batch.scope_spans:
            for span in scope.spans:
                yield Seen(service, str(resource["rapport.role"]), resource, span)


def _plain(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
