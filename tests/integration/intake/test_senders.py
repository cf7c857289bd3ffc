"""Whose connection for mail it is: whoever made it, or whom a load balancer that is believed names, over real sockets."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address

import pytest

from services.intake.entrypoints.smtp import SmtpServer
from tests.integration.intake.place import Intake
from tests.integration.intake.test_smtp_server import BEGUN, a_mail, listening, refusals
from tests.support.eventually import eventually

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
LOCAL, PROXY = 0x20, 0x21
TCP4, TCP6 = 0x11, 0x21
ALICE, BOB = "192.0.2.1", "192.0.2.2"
HOSTILE = {
    "no header": b"EHLO x\r\n",
    "a word like it": b"PROXYING\r\n",
    "no addresses": b"PROXY TCP4\r\n",
    "no address": b"PROXY TCP4 alice bob 1 2\r\n",
    "an address of the other kind": b"PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
    "too long": b"PROXY TCP4 " + b"1" * 200 + b"\r\n",
    "another version": SIGNATURE + struct.pack("!BBH", 0x31, TCP4, 0),
    "less than an address": SIGNATURE + struct.pack("!BBH", PROXY, TCP4, 3) + b"abc",
    "half a signature": SIGNATURE[:6] + b"\r\nQUIT\r\n",
}


def in_words(sender: str) -> bytes:
    """Version 1 of the header."""
    kind = "TCP6" if ":" in sender else "TCP4"
    ours = "2001:db8::25" if ":" in sender else "192.0.2.25"
    return f"PROXY {kind} {sender} {ours} 40000 25\r\n".encode()


def in_bytes(sender: str, command: int = PROXY) -> bytes:
    """Version 2 of the header."""
    ours = "2001:db8::25" if ":" in sender else "192.0.2.25"
    addresses = ip_address(sender).packed + ip_address(ours).packed + struct.pack("!HH", 40000, 25)
    kind = TCP6 if ":" in sender else TCP4
    return SIGNATURE + struct.pack("!BBH", command, kind, len(addresses)) + addresses


@asynccontextmanager
async def connected(server: SmtpServer, first: bytes = b"") -> AsyncIterator[bytes]:
    """A connection that begins with these bytes; what it is greeted with, nothing if it was closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(first)
    try:
        yield await asyncio.wait_for(reader.readline(), 5)
    finally:
        writer.close()


@pytest.mark.parametrize("header", [in_words, in_bytes])
async def test_a_sender_has_so_many_connections_however_many_balancers_it_comes_through(
    intake: Intake, header: Callable[[str], bytes]
) -> None:
    before = refusals("421")
    async with listening(intake.mail, proxies="127.0.0.0/8", max_sender_connections=1) as server:
        async with (
            connected(server, header(ALICE)) as first,
            connected(server, header(ALICE)) as second,
            connected(server, header(BOB)) as another,
        ):
            assert (first[:3], second[:3], another[:3]) == (b"220", b"421", b"220")
        await eventually(lambda: not server.conversations)
        async with connected(server, header(ALICE)) as again:
            assert again.startswith(b"220")
    assert refusals("421") == before + 1


async def test_who_comes_without_a_balancer_is_counted_by_its_own_address(intake: Intake) -> None:
    async with (
        listening(intake.mail, max_sender_connections=1) as server,
        connected(server) as first,
        connected(server) as second,
    ):
        assert (first[:3], second[:3]) == (b"220", b"421")


async def test_whoever_has_a_network_of_ipv6_is_one_sender_and_ipv4_is_no_network_of_it(
    intake: Intake,
) -> None:
    async with (
        listening(intake.mail, proxies="127.0.0.1", max_sender_connections=1) as server,
        connected(server, in_bytes("2001:db8::1")) as one,
        connected(server, in_words("2001:db8::2")) as neighbour,
        connected(server, in_bytes(f"::ffff:{ALICE}")) as mapped,
        connected(server, in_bytes(f"::ffff:{BOB}")) as another,
    ):
        assert (one[:3], neighbour[:3]) == (b"220", b"421")
        assert (mapped[:3], another[:3]) == (b"220", b"220")


async def test_a_balancer_that_looks_whether_we_are_here_is_no_sender(intake: Intake) -> None:
    async with listening(intake.mail, proxies="127.0.0.1", max_sender_connections=1) as server:
        for looks in (b"PROXY UNKNOWN\r\n", in_bytes(ALICE, LOCAL)):
            async with connected(server, looks) as one, connected(server, looks) as two:
                assert (one[:3], two[:3]) == (b"220", b"220")
        async with connected(server, in_words(ALICE)) as alice:
            assert alice.startswith(b"220")


async def test_a_mail_comes_through_a_balancer(intake: Intake) -> None:
    content = a_mail().as_bytes().replace(b"\n", b"\r\n")
    async with listening(intake.mail, proxies="127.0.0.1") as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.writelines((in_bytes(ALICE), *BEGUN, content, b"\r\n.\r\nQUIT\r\n"))
        said = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    assert said.splitlines()[-2].startswith(b"250 2.0.0")
    assert await intake.accounts() == {"email": (1, 1, 0, 0)}


@pytest.mark.parametrize("header", HOSTILE.values(), ids=HOSTILE)
async def test_who_is_named_as_a_balancer_and_writes_no_header_is_not_greeted(
    intake: Intake, header: bytes
) -> None:
    async with listening(intake.mail, proxies="127.0.0.1") as server:
        async with connected(server, header) as greeting:
            assert greeting == b""
        await eventually(lambda: not server.conversations)


async def test_who_leaves_in_the_middle_of_a_header_leaves_nothing_behind(intake: Intake) -> None:
    async with listening(intake.mail, proxies="127.0.0.1") as server:
        for part in (b"PRO", in_words(ALICE)[:-4], in_bytes(ALICE)[:14]):
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(part)
            await eventually(lambda: len(server.conversations) == 1)
            writer.close()
            await eventually(lambda: not server.conversations)


async def test_who_leaves_in_the_middle_of_a_mail_is_counted_once_and_then_no_more(
    intake: Intake,
) -> None:
    async with listening(intake.mail, max_sender_connections=1) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.writelines((*BEGUN, b"From: a@b.org\r\n"))
        await reader.readuntil(b"354 ")
        writer.close()
        await eventually(lambda: not server.conversations)
        async with connected(server) as first, connected(server) as second:
            assert (first[:3], second[:3]) == (b"220", b"421")


async def test_a_header_that_dribbles_in_is_given_up(intake: Intake) -> None:
    limits = {"timeout_seconds": 0.3, "data_seconds": 60, "session_seconds": 60}
    async with listening(intake.mail, proxies="127.0.0.1", **limits) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"PROXY TCP4 ")
        said = asyncio.create_task(reader.read())
        while not said.done():
            writer.write(b"1")
            await asyncio.wait({said}, timeout=0.02)
        writer.close()
        assert said.result().startswith(b"421 4.4.2 nothing came")
        await eventually(lambda: not server.conversations)


async def test_nobody_else_is_believed_about_who_they_are(intake: Intake) -> None:
    async with (
        listening(intake.mail, proxies="203.0.113.7", max_sender_connections=1) as server,
        connected(server, in_words(ALICE)) as first,
        connected(server, in_words(BOB)) as second,
    ):
        assert (first[:3], second[:3]) == (b"220", b"421")
