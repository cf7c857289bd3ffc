"""What stands before a body: it has an end, and only a trusted proxy names the caller."""

import asyncio
from contextlib import suppress

import httpx2
import pytest

from tests.security.conftest import StartServer
from tests.security.serving import Server

BEGINNINGS = {
    "an address": b"GET /v1/",
    "a header": b"GET /v1/waits HTTP/1.1\r\nx-long: ",
    "a name of a header": b"GET /v1/waits HTTP/1.1\r\n",
}


async def conversation(server: Server, *pieces: bytes) -> bytes:
    """Send it, piece by piece; all that comes back until the other side closes."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    with suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
    received = b""
    with suppress(ConnectionError):
        received = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return received


@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=list(BEGINNINGS))
async def test_a_head_without_an_end_is_cut_off(
    servers: dict[str, Server], beginning: bytes
) -> None:
    received = await conversation(servers["intake"], beginning, *[b"a" * 8_192] * 2_000)
    assert received == b"" or received.startswith(b"HTTP/1.1 400 ")


async def test_headers_without_an_end_are_cut_off(servers: dict[str, Server]) -> None:
    line = b"x-a: " + b"a" * 100 + b"\r\n"
    pieces = b"GET /v1/waits HTTP/1.1\r\n", *[line * 80] * 2_000
    received = await conversation(servers["intake"], *pieces)
    assert received == b"" or received.startswith(b"HTTP/1.1 400 ")


async def test_a_long_head_within_the_limit_is_read(servers: dict[str, Server]) -> None:
    line = b"x-a: " + b"a" * 1_000 + b"\r\n"
    pieces = b"GET /v1/waits HTTP/1.1\r\nhost: a\r\nconnection: close\r\n", *[line] * 50, b"\r\n"
    assert (await conversation(servers["intake"], *pieces)).startswith(b"HTTP/1.1 200 ")


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
    servers: dict[str, Server], wrong: bytes
) -> None:
    assert (await conversation(servers["intake"], wrong)).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(("proxies", "last"), [("127.0.0.1", 200), ("", 429), ("192.0.2.1", 429)])
async def test_only_a_trusted_proxy_names_the_caller(
    start_server: StartServer, proxies: str, last: int
) -> None:
    server = await start_server(
        "intake", stranger_per_second=0.1, burst_seconds=10, proxies=proxies
    )
    async with httpx2.AsyncClient(base_url=server.url, trust_env=False) as client:
        for customer, status in [("192.0.2.7", 200), ("192.0.2.8", last)]:
            headers = {"x-forwarded-for": customer}
            assert (await client.get("/v1/waits", headers=headers)).status_code == status
