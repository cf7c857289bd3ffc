"""uvicorn as one part of a process: it opens no signal handlers and closes when it is told to."""

import asyncio
import socket
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from shared.http.app import App
from shared.http.exchange import Exchange
from shared.http.problems import problem_of
from shared.http.response import WHOLE
from shared.kernel.errors import Unavailable
from shared.observability.logging import get_logger

LONGEST_HEAD = 65_536
"""Bytes of a request before its body; what was read at once with its end is not counted."""

log = get_logger(__name__)


class HttpServer:
    """Serves one application on one socket, which is open from the start."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str,
        port: int,
        drain_seconds: float,
        limit_concurrency: int | None = None,
        keep_alive_seconds: int = 15,
        proxies: str = "",
    ) -> None:
        """`proxies` may tell for whom they ask. Raises `OSError` if the address is taken."""
        self._app = app
        self._socket = _listen(host, port)
        self.host, self.port = self._socket.getsockname()[:2]
        self._server = _Server(
            uvicorn.Config(
                app,
                http=_Protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(proxies),
                forwarded_allow_ips=proxies,
                backlog=2048,
                limit_concurrency=limit_concurrency,
                timeout_keep_alive=keep_alive_seconds,
                timeout_graceful_shutdown=max(1, int(drain_seconds)),
            )
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop`, then let what was begun come to its end."""
        log.info("listening", host=self.host, port=self.port)
        closer = asyncio.create_task(self._close_on(stop))
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            closer.cancel()
            self._socket.close()

    async def _close_on(self, stop: asyncio.Event) -> None:
        await stop.wait()
        if isinstance(self._app, App):
            self._app.closing.set()
        self._server.should_exit = True


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Protocol(HttpToolsProtocol):
    """Answers that are whole are sent as such, too many get a problem, and a head has an end.

    The parser keeps every line of a head, so that one without an end would fill the memory.
    """

    _head: int | None = None

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        scope = cast(MutableMapping[str, Any], cycle.scope)
        scope["extensions"] = {WHOLE: partial(_send_whole, cycle)}
        if app is service_unavailable:
            cycle.keep_alive, app = False, cast(ASGI3Application, _full)
        super()._start_asgi_task(cycle, app)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head is not None:
            self._head += len(data)
            if self._head > LONGEST_HEAD and not self.transport.is_closing():
                self.send_400_response("The request has too long a head.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head = 0

    def on_headers_complete(self) -> None:
        self._head = None
        super().on_headers_complete()


async def _full(scope: Scope, _: Receive, send: Send) -> None:
    """What the server says in plain text where `limit_concurrency` is reached, as everybody says it."""
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


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=2048)
    listener.setblocking(False)
    return listener
