"""One connection of the server: what uvicorn's protocol leaves open is closed here.

uvicorn ends an idle connection, and has no end for a head or a body that does not come, nor for an answer that nobody takes; it
counts connections, of which a silent one costs nothing, as if each were a request.
"""

import asyncio
from collections.abc import MutableMapping
from functools import partial
from math import inf
from typing import Any, cast

from starlette.types import Receive, Scope, Send
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from shared.http.connections import Connections
from shared.http.exchange import Exchange
from shared.http.problems import problem, problem_of
from shared.http.response import STREAM, WHOLE, HttpResponse
from shared.kernel.errors import Unavailable
from shared.observability import metrics
from shared.settings import HttpSettings

CLOSE = b"connection", b"close"
REASONS = ("head_late", "body_late", "nothing_taken", "place_needed")
"""Why we end a connection; each is shown from the start."""
LONGEST_HEAD = 65_536
"""Bytes of a request before its body; what was read at once with its end is not counted."""

for _reason in REASONS:
    metrics.http_connections_ended.labels(_reason)


class HttpConnection(HttpToolsProtocol):
    """Answers that are whole are sent as such, too many get a problem, and whatever comes has an end.

    The parser keeps every line of a head, so that one without an end would fill the memory. `check` looks at the times, for all
    connections at once: a timer of each request's own would cost more than the look.
    """

    def __init__(self, connections: Connections, limits: HttpSettings, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        self._connections, self._limits = connections, limits
        self._head: int | None = None
        self._running: RequestResponseCycle | None = None
        self._due = self._send_due = inf

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._connections.wait(self)
        self._expect(self._limits.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._due == inf and self._connections.is_waiting(self):
            self._expect(self._limits.head_seconds)  # blank lines, the rest of an answered body
        super().data_received(data)
        if self._head is not None:
            self._head += len(data)
            if self._head > LONGEST_HEAD and not self.transport.is_closing():
                self.send_400_response("The request has too long a head.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head = 0
        self._expect(self._limits.head_seconds)

    def on_headers_complete(self) -> None:
        self._head = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self._running is self.cycle and not self.cycle.response_complete:
            self._work()

    def on_response_complete(self) -> None:
        """Begins to wait; a head that began to arrive meanwhile gets its whole time."""
        self._due = inf
        if not self.transport.is_closing():
            self._connections.wait(self)
            if self._head is not None:
                self._expect(self._limits.head_seconds)
        super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._send_due = self.loop.time() + self._limits.send_seconds

    def resume_writing(self) -> None:
        super().resume_writing()
        self._send_due = inf

    def send_400_response(self, msg: str) -> None:
        """What is no request is answered as every other failure is."""
        self._answer_and_close(problem("malformed", msg))

    def check(self, now: float) -> None:
        """End it if its time is over, `now` by the loop's clock; to be called every second or so."""
        if now > self._send_due:
            metrics.http_connections_ended.labels("nothing_taken").inc()
            self.transport.abort()
        elif self.transport.is_closing():
            self._send_due = min(self._send_due, now + self._limits.send_seconds)
        elif now > self._due and self._connections.is_waiting(self):
            self._too_slow()

    def give_up_place(self) -> None:
        """Close it; who had begun to send is told to come again."""
        metrics.http_connections_ended.labels("place_needed").inc()
        self._end_waiting(problem_of(Unavailable("too many connections wait")))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        scope = cast(MutableMapping[str, Any], cycle.scope)
        whole = partial(_send_whole, cycle)
        scope["extensions"] = {WHOLE: whole, STREAM: partial(self._connections.stream, self)}
        if self._connections.closing:
            cycle.keep_alive = False
        if self._connections.is_full:
            cycle.keep_alive, app = False, cast(ASGI3Application, _full)
        self._running = cycle
        if cycle.more_body:
            self._expect(self._limits.body_seconds)
        else:
            self._work()
        super()._start_asgi_task(cycle, app)

    def _work(self) -> None:
        self._due = inf
        self._connections.work(self)

    def _expect(self, seconds: float) -> None:
        self._due = self.loop.time() + seconds

    def _too_slow(self) -> None:
        what = "body" if self._is_arriving() else "head"
        metrics.http_connections_ended.labels(f"{what}_late").inc()
        seconds = getattr(self._limits, f"{what}_seconds")
        self._end_waiting(problem("too-slow", f"the {what} did not arrive within {seconds:g} s"))

    def _is_arriving(self) -> bool:
        """Whether a request is begun and its answer is not complete."""
        return self._running is not None and not self._running.response_complete

    def _end_waiting(self, answer: HttpResponse) -> None:
        """Who has sent nothing is told nothing: the answer would stand before their next request."""
        if self._head is not None or self._is_arriving():
            self._answer_and_close(answer)
        else:
            self.transport.close()

    def _answer_and_close(self, answer: HttpResponse) -> None:
        """The request at hand gets this answer, unless another has begun, and no more is read."""
        running = self._running if self._is_arriving() else None
        if not (self.transport.is_closing() or (running and running.response_started)):
            lines = [b"%s: %s\r\n" % header for header in (*answer.head(), CLOSE)]
            self.transport.write(
                b"".join((STATUS_LINE[answer.status], *lines, b"\r\n", answer.body))
            )
        if running:
            running.disconnected = True
            running.message_event.set()
        self.transport.close()


async def _full(scope: Scope, _: Receive, send: Send) -> None:
    """What is said where as many requests are at work as may be."""
    with Exchange(scope, send) as exchange:
        await exchange.respond(problem_of(Unavailable("too many come at once")))


async def _send_whole(cycle: RequestResponseCycle, status: int, head: bytes, body: bytes) -> None:
    """What `cycle.send` does, in one piece: it looks at every header anew, and sends the body apart."""
    if cycle.flow.write_paused and not cycle.disconnected:
        await cycle.flow.drain()
    if cycle.disconnected:
        return
    own = [b"%s: %s\r\n" % header for header in cycle.default_headers]
    last = b"" if cycle.keep_alive else b"connection: close\r\n"
    cycle.transport.write(b"".join((STATUS_LINE[status], *own, head, last, b"\r\n", body)))
    cycle.response_started = cycle.response_complete = True
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
