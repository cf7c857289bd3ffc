"""uvicorn as one part of a process: it opens no signal handlers and closes when it is told to."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.http.app import App
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
    """The parser keeps every line of a head, so a head without an end would fill the memory."""

    _head: int | None = None

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


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=2048)
    listener.setblocking(False)
    return listener
