"""What stands before a body: it has an end, and only who is trusted tells for whom it comes."""

import asyncio
from contextlib import suppress

import httpx2
import pytest

from tests.doors.conftest import OpenDoor
from tests.doors.place import Door

BEGINNINGS = {
    "an address": b"GET /v1/",
    "a header": b"GET /v1/waits HTTP/1.1\r\nx-long: ",
    "a name of a header": b"GET /v1/waits HTTP/1.1\r\n",
}


async def conversation(door: Door, *said: bytes) -> bytes:
    """Say it, piece by piece; all that comes back until the other side hangs up."""
    host, _, port = door.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    with suppress(ConnectionError):
        for piece in said:
            writer.write(piece)
            await writer.drain()
    heard = b""
    with suppress(ConnectionError):
        heard = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return heard


@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=list(BEGINNINGS))
async def test_a_head_without_an_end_is_cut_off(doors: dict[str, Door], beginning: bytes) -> None:
    heard = await conversation(doors["intake"], beginning, *[b"a" * 8_192] * 2_000)
    assert heard == b"" or heard.startswith(b"HTTP/1.1 400 ")


async def test_headers_without_an_end_are_cut_off(doors: dict[str, Door]) -> None:
    line = b"x-a: " + b"a" * 100 + b"\r\n"
    said = b"GET /v1/waits HTTP/1.1\r\n", *[line * 80] * 2_000
    heard = await conversation(doors["intake"], *said)
    assert heard == b"" or heard.startswith(b"HTTP/1.1 400 ")


async def test_a_long_head_within_the_limit_is_read(doors: dict[str, Door]) -> None:
    line = b"x-a: " + b"a" * 1_000 + b"\r\n"
    said = b"GET /v1/waits HTTP/1.1\r\nhost: a\r\nconnection: close\r\n", *[line] * 50, b"\r\n"
    assert (await conversation(doors["intake"], *said)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "wrong",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /v1/waits HTTP/9.9\r\n\r\n",
        b"GET /v1/waits HTTP/1.1\r\nhost: a\r\nx: a\x00b\r\n\r\n",
        b"POST /v1/contacts HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /v1/contacts HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcd",
        b"POST /v1/contacts HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
    ],
    ids=["tls", "version", "nul", "two lengths", "another length", "negative length"],
)
async def test_what_is_no_request_is_400_and_ends_the_connection(
    doors: dict[str, Door], wrong: bytes
) -> None:
    assert (await conversation(doors["intake"], wrong)).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(("proxies", "last"), [("127.0.0.1", 200), ("", 429), ("192.0.2.1", 429)])
async def test_only_a_trusted_proxy_tells_for_whom_it_comes(
    open_door: OpenDoor, proxies: str, last: int
) -> None:
    door = await open_door("intake", stranger_per_second=0.1, burst_seconds=10, proxies=proxies)
    async with httpx2.AsyncClient(base_url=door.url, trust_env=False) as client:
        for customer, status in [("192.0.2.7", 200), ("192.0.2.8", last)]:
            headers = {"x-forwarded-for": customer}
            assert (await client.get("/v1/waits", headers=headers)).status_code == status
