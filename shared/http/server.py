"""uvicorn as one part of a process: it opens no signal handlers and closes when it is told to."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp

from shared.http.app import App
from shared.http.connections import Connections
from shared.http.protocol import HttpConnection
from shared.jobs.tasks import end
from shared.observability.logging import get_logger
from shared.settings import HttpSettings
from shared.settings.addresses import NOBODY

CHECK_SECONDS = 0.5
LINGER_SECONDS, LOOK_SECONDS = 3.0, 0.05
"""How long callers who keep a connection are told, with their next answer, that it ends.

One that is closed without a word may meet a request that is already on its way, and that call fails.
"""

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
        limits: HttpSettings = HttpSettings(),
    ) -> None:
        """Of `limits` the host and the port are passed over. Raises `OSError` if the address is taken."""
        self._app = app
        self._socket = _listen(host, port)
        self.host, self.port = self._socket.getsockname()[:2]
        proxies = "" if limits.proxies == NOBODY else limits.proxies
        self._connections = Connections(limits)
        self._linger_seconds = min(LINGER_SECONDS, drain_seconds / 4)
        protocol = partial(HttpConnection, self._connections, limits)
        self._server = _Server(
            uvicorn.Config(
                app,
                http=cast(Any, protocol),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(proxies),
                forwarded_allow_ips=proxies,
                backlog=2048,
                timeout_keep_alive=limits.keep_alive_seconds,
                timeout_graceful_shutdown=max(1, int(drain_seconds - self._linger_seconds)),
            )
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop`, then let what was begun come to its end."""
        log.info("listening", host=self.host, port=self.port)
        beside = [asyncio.create_task(each) for each in (self._close_on(stop), self._check())]
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            for each in beside:
                await end(each)
            self._socket.close()

    async def _close_on(self, stop: asyncio.Event) -> None:
        await stop.wait()
        if isinstance(self._app, App):
            self._app.closing.set()
        await self._take_leave()
        self._server.should_exit = True

    async def _take_leave(self) -> None:
        """Answer until nobody waits for anything, or until those who wait have had time to ask."""
        self._connections.closing = True
        for _ in range(int(self._linger_seconds / LOOK_SECONDS)):
            if not self._connections.anybody_waits:
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def _check(self) -> None:
        """End the connections whose time is over."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            for connection in list(self._server.server_state.connections):
                cast(HttpConnection, connection).check(loop.time())


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=2048)
    listener.setblocking(False)
    return listener
