"""What our server does itself: answers in one piece, with every header, in order."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from shared.http.app import HotRequest
from shared.http.response import HttpResponse
from shared.http.server import CHECK_SECONDS, LINGER_SECONDS, HttpServer
from tests.integration.http.serving import app_of, hot_route, token

CLOSED = b"connection: close"


async def hot(request: HotRequest) -> HttpResponse:
    given = bytes.fromhex(request.header(b"x-hex") or "")
    return HttpResponse(200, request.body, ((b"x-given", given),))


class Wire:
    """A connection of which every piece that arrives is kept."""

    def __init__(self, port: int, head: str) -> None:
        self._port, self._head = port, head

    async def __aenter__(self) -> "Wire":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    def post(self, body: str, *more: str) -> None:
        """Send one request; do not wait."""
        lines = ["POST /v1/hot HTTP/1.1", "host: x", self._head, *more]
        head = "\r\n".join([*lines, f"content-length: {len(body)}", "\r\n"])
        self._writer.write(head.encode() + body.encode())

    async def answer(self) -> tuple[bytes, bytes]:
        """Head and body of the next answer."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return head, await self._reader.readexactly(length)

    async def ended(self) -> bool:
        """Whether nothing comes any more; waits for it."""
        return await self._reader.read() == b""


@pytest.fixture
def dial(tmp_path: Path) -> Callable[..., Any]:
    @asynccontextmanager
    async def dialled() -> AsyncIterator[Wire]:
        app = app_of(tmp_path, [], [hot_route(hot, "desk")])
        server = HttpServer(app, host="127.0.0.1", port=0, drain_seconds=3)
        stop = asyncio.Event()
        running = asyncio.create_task(server.run(stop))
        head = "authorization: " + token(tmp_path, "desk")["authorization"]
        async with Wire(server.port, head) as wire:
            yield wire
        stop.set()
        await running

    return dialled


async def test_who_keeps_a_connection_hears_with_an_answer_that_it_ends(tmp_path: Path) -> None:
    app = app_of(tmp_path, [], [hot_route(hot, "desk")])
    server = HttpServer(app, host="127.0.0.1", port=0, drain_seconds=40)
    stop, clock = asyncio.Event(), asyncio.get_running_loop().time
    running = asyncio.create_task(server.run(stop))
    head = "authorization: " + token(tmp_path, "desk")["authorization"]
    async with Wire(server.port, head) as asks, Wire(server.port, head) as is_silent:
        asks.post("one")
        assert CLOSED not in (await asks.answer())[0]
        stop.set()
        asks.post("two")
        last, body = await asks.answer()
        assert (CLOSED in last, body) == (True, b"two")
        assert await asks.ended()
        stopped = clock()
        assert await is_silent.ended()
        await running
        assert clock() - stopped < LINGER_SECONDS + CHECK_SECONDS


async def test_answers_come_whole_in_order_and_with_every_header(dial: Callable[..., Any]) -> None:
    async with dial() as wire:
        for body in ("one", "two", ""):
            wire.post(body)
        answers = [await wire.answer() for _ in range(3)]
    assert [body for _, body in answers] == [b"one", b"two", b""]
    for head, _ in answers:
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        for name in (b"date", b"content-type", b"x-given", b"x-content-type-options"):
            assert head.count(b"\r\n" + name + b": ") == 1
        assert CLOSED not in head


async def test_an_answer_never_holds_a_header_of_two_lines(dial: Callable[..., Any]) -> None:
    async with dial() as wire:
        wire.post("one", "x-hex: " + b"a\r\nset-cookie: b".hex())
        head, body = await wire.answer()
    assert head.startswith(b"HTTP/1.1 500 ")
    assert b"set-cookie" not in head + body


async def test_who_asks_for_the_end_of_the_connection_gets_it(dial: Callable[..., Any]) -> None:
    async with dial() as wire:
        wire.post("bye", "connection: close")
        head, body = await wire.answer()
        assert CLOSED in head
        assert body == b"bye"
        assert await wire.ended()
