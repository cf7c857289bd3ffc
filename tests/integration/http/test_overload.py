"""Silent sockets, slow senders and open streams take no place that a plain request needs; each has an end."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import APIRouter, Request
from prometheus_client import REGISTRY
from sse_starlette import EventSourceResponse, ServerSentEvent

from shared.http.app import HotRequest
from shared.http.auth import Caller, require
from shared.http.response import HttpResponse, json_response
from shared.http.stream import event_stream
from shared.kernel.errors import Invalid
from tests.integration.http.serving import app_of, hot_route, serving, token
from tests.support.eventually import eventually

MANY = 60
FEW = {"limit_concurrency": 4, "limit_waiting": 20, "limit_streams": 4, "limit_caller_streams": 5}
QUICK = {"head_seconds": 0.5, "body_seconds": 0.5, "send_seconds": 0.5}
HEAD = b"GET /v1/plain HTTP/1.1\r\nhost: x\r\n"
ASK = HEAD + b"\r\n"


class Scene:
    """A server with few places, what was set on it, and what its slow answers wait for."""

    def __init__(self, client: httpx2.AsyncClient, folder: Path, answering: asyncio.Event) -> None:
        self.client, self.answering = client, answering
        self._folder, self._opened = folder, AsyncExitStack()
        self.own = client.headers | token(folder, "desk")

    async def connect(self, sent: bytes = b"") -> asyncio.StreamReader:
        """A connection on which this was sent, open to the end of the test."""
        url = self.client.base_url
        reader, writer = await asyncio.open_connection(url.host, url.port)
        self._opened.callback(writer.close)
        writer.write(sent)
        await writer.drain()
        return reader

    async def connect_many(self, sent: bytes = b"") -> list[asyncio.StreamReader]:
        """Many such connections."""
        return [await self.connect(sent) for _ in range(MANY)]

    def asking(self, route: str, **more: str) -> bytes:
        """The head of a request by somebody whom we know."""
        lines = {"host": "x", **token(self._folder, "desk"), **more}
        written = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"{route} HTTP/1.1\r\n{written}\r\n".encode()

    async def plain(self) -> httpx2.Response:
        """A plain request on a connection of its own, as a load balancer may send it."""
        url = f"{self.client.base_url}/v1/plain"
        async with httpx2.AsyncClient(timeout=5, trust_env=False) as client:
            return await client.get(url, headers=self.own)

    async def stream(
        self, ttl: timedelta = timedelta(hours=1), subject: str = "tester"
    ) -> AsyncIterator[str]:
        """The names of a stream's events."""
        own = token(self._folder, "desk", ttl=ttl, subject=subject)
        async with self.client.stream("GET", "/v1/live", headers=own, timeout=10) as lines:
            assert lines.status_code == 200
            async for line in lines.aiter_lines():
                if line.startswith("event: "):
                    yield line.removeprefix("event: ")

    async def close(self) -> None:
        self.answering.set()
        await self._opened.aclose()


def routes(answering: asyncio.Event) -> APIRouter:
    router = APIRouter()

    @router.get("/v1/plain", dependencies=[require("desk")])
    async def plain() -> str:
        return "here"

    @router.get("/v1/slow", dependencies=[require("desk")])
    async def slow() -> str:
        await answering.wait()
        return "at last"

    @router.get("/v1/long", dependencies=[require("desk")])
    async def long() -> str:
        return "x" * 30_000_000

    @router.get("/v1/live", response_class=EventSourceResponse)
    async def live(
        request: Request, caller: Annotated[Caller, require("desk")]
    ) -> EventSourceResponse:
        return event_stream(request, _events(answering), caller)

    return router


async def _events(answering: asyncio.Event) -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(event="hello", data="")
    await answering.wait()


async def counted(request: HotRequest) -> HttpResponse:
    return json_response(200, len(request.body))


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., Any]:
    @asynccontextmanager
    async def started(**http: Any) -> AsyncIterator[Scene]:
        answering, http = asyncio.Event(), {**FEW, "caller_per_second": 0, **http}
        app = app_of(tmp_path, [routes(answering)], [hot_route(counted, "desk")], **http)
        async with serving(app, **http) as client:
            scene = Scene(client, tmp_path, answering)
            try:
                yield scene
            finally:
                await scene.close()

    return started


def ended(reason: str) -> float:
    """How many connections we closed for this reason, ever."""
    name = "rapport_http_connections_ended_total"
    return REGISTRY.get_sample_value(name, {"reason": reason}) or 0.0


BEGINNINGS: dict[str, Callable[[Scene], bytes]] = {
    "nothing": lambda _: b"",
    "half a head": lambda _: HEAD,
    "half a body": lambda scene: scene.asking("POST /v1/hot", **{"content-length": "9"}) + b"1234",
    "a question, and silence": lambda scene: scene.asking("GET /v1/plain"),
}


@pytest.mark.parametrize("sent", BEGINNINGS.values(), ids=list(BEGINNINGS))
async def test_a_plain_request_is_answered_beside_any_number_of_those_who_send(
    start: Callable[..., Any], sent: Callable[[Scene], bytes]
) -> None:
    async with start() as scene:
        await scene.connect_many(sent(scene))
        assert (await scene.plain()).status_code == 200


async def test_where_too_many_wait_the_one_that_waited_longest_makes_room(
    start: Callable[..., Any],
) -> None:
    async with start() as scene:
        before = ended("place_needed")
        first, *_, last = await scene.connect_many(HEAD)
        assert b" 503 " in await first.readline()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(last.read(1), 0.2)
        assert ended("place_needed") - before == MANY - FEW["limit_waiting"]


async def test_a_silent_connection_is_closed_without_a_word(start: Callable[..., Any]) -> None:
    async with start(**QUICK) as scene:
        reader = await scene.connect()
        assert await asyncio.wait_for(reader.read(), 3) == b""


@pytest.mark.parametrize(
    ("reason", "sent"), [("head_late", "half a head"), ("body_late", "half a body")]
)
async def test_who_does_not_end_what_they_began_to_send_gets_408_and_the_end(
    start: Callable[..., Any], reason: str, sent: str
) -> None:
    async with start(**QUICK) as scene:
        before = ended(reason)
        reader = await scene.connect(BEGINNINGS[sent](scene))
        answer = await asyncio.wait_for(reader.read(), 3)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"content-type: application/problem+json" in answer
        assert b"connection: close" in answer
        assert ended(reason) - before == 1


@pytest.mark.parametrize("piece", [b"x-a: 1\r\n", b"\r\n"], ids=["headers", "blank lines"])
async def test_who_drips_gets_no_more_time_than_who_is_silent(
    start: Callable[..., Any], piece: bytes
) -> None:
    async with start(**QUICK) as scene:
        url = scene.client.base_url
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(scene.asking("GET /v1/plain") + (HEAD if piece.strip() else b""))
        everything = asyncio.ensure_future(reader.read())

        def is_closed_on_who_drips() -> bool:
            writer.write(piece)
            return everything.done()

        await eventually(is_closed_on_who_drips, within=3)
        writer.close()


async def test_who_reads_nothing_of_an_answer_is_cut_off(start: Callable[..., Any]) -> None:
    async with start(**QUICK) as scene:
        before = ended("nothing_taken")
        url = scene.client.base_url
        with socket.create_connection((url.host, url.port)) as frozen:
            frozen.sendall(scene.asking("GET /v1/long"))
            await eventually(lambda: ended("nothing_taken") == before + 1, within=10)


async def test_a_slow_answer_is_nobody_elses_fault_and_is_not_cut_off(
    start: Callable[..., Any],
) -> None:
    async with start(**QUICK) as scene:
        reader = await scene.connect(scene.asking("GET /v1/slow") + HEAD)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 1.5)
        scene.answering.set()
        assert b" 200 " in await reader.readline()


async def test_beyond_the_limit_of_requests_a_problem_says_when_to_come_again(
    start: Callable[..., Any],
) -> None:
    async with start() as scene:
        slow = scene.asking("GET /v1/slow")
        readers = [await scene.connect(slow) for _ in range(FEW["limit_concurrency"])]
        response = await scene.plain()
        assert response.status_code == 503
        assert response.headers["retry-after"] == "2"
        assert response.headers["connection"] == "close"
        assert response.json()["type"] == "urn:rapport:problem:unavailable"
        scene.answering.set()
        assert [b" 200 " in await reader.readline() for reader in readers] == [True] * 4
        assert (await scene.plain()).status_code == 200


async def test_streams_have_places_of_their_own_and_a_refusal_says_when_to_come_again(
    start: Callable[..., Any],
) -> None:
    async with start() as scene:
        opened = [scene.stream() for _ in range(FEW["limit_streams"])]
        assert [await anext(each) for each in opened] == ["hello"] * FEW["limit_streams"]
        refused = await scene.client.get("/v1/live", headers=scene.own)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
        assert refused.json()["detail"] == "too many event streams are open"
        assert [(await scene.plain()).status_code for _ in range(9)] == [200] * 9
        await opened.pop().aclose()
        again = scene.stream()
        assert await anext(again) == "hello"
        for each in (*opened, again):
            await each.aclose()


async def test_one_caller_has_a_few_streams_and_leaves_the_other_places_to_others(
    start: Callable[..., Any],
) -> None:
    async with start(limit_caller_streams=2) as scene:
        opened = [scene.stream(subject=who) for who in ("ana", "ana", "tester", "tester")]
        assert [await anext(each) for each in opened] == ["hello"] * 4
        refused = await scene.client.get("/v1/live", headers=scene.own)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["detail"] == "this caller has too many event streams open"
        await opened.pop().aclose()
        again = scene.stream()
        assert await anext(again) == "hello"
        for each in (*opened, again):
            await each.aclose()


async def test_requests_at_work_take_no_place_of_a_stream(start: Callable[..., Any]) -> None:
    async with start(limit_concurrency=2) as scene:
        await scene.connect(scene.asking("GET /v1/slow"))
        opened = [scene.stream() for _ in range(FEW["limit_streams"])]
        assert [await anext(each) for each in opened] == ["hello"] * FEW["limit_streams"]
        for each in opened:
            await each.aclose()


async def test_a_stream_ends_with_its_token_and_says_so(start: Callable[..., Any]) -> None:
    async with start() as scene:
        names = [name async for name in scene.stream(ttl=timedelta(seconds=2))]
        assert names == ["hello", "expired"]


async def test_requests_are_limited_by_scope_and_learn_which_limit_it_was(
    start: Callable[..., Any],
) -> None:
    limits = {"scope_per_second": {"desk": 0.1}, "burst_seconds": 30}
    async with start(**limits) as scene:
        responses = [await scene.plain() for _ in range(4)]
    assert [each.status_code for each in responses] == [200] * 3 + [429]
    headers = responses[-1].headers
    assert headers["ratelimit-policy"] == '"desk";q=3;w=30'
    assert headers["ratelimit"] == f'"desk";r=0;t={headers["retry-after"]}'


def test_a_limit_for_a_scope_that_no_route_asks_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no scope desks, only desk"):
        app_of(tmp_path, [routes(asyncio.Event())], scope_per_second={"desks": 1})
