"""The proxy itself: a drill that believes in a fault must have had one."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator

import pytest

from deploy.local.ports import LOOPBACK
from tests.support.eventually import eventually
from tests.support.proxy import Proxy

Talk = tuple[StreamReader, StreamWriter]


async def _echo(reader: StreamReader, writer: StreamWriter) -> None:
    while data := await reader.read(1024):
        writer.write(data)
    writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """Before a server that echoes what it is sent."""
    server = await asyncio.start_server(_echo, LOOPBACK, 0)
    with Proxy((LOOPBACK, server.sockets[0].getsockname()[1])) as proxy:
        yield proxy
    server.close()
    await server.wait_closed()


@pytest.fixture
async def talk(proxy: Proxy) -> AsyncIterator[Talk]:
    reader, writer = await asyncio.open_connection(*proxy.here)
    yield reader, writer
    writer.transport.abort()


async def asked(talk: Talk, word: bytes) -> bytes:
    talk[1].write(word)
    return await talk[0].readexactly(len(word))


async def loses(talk: Talk, word: bytes) -> bool:
    try:
        async with asyncio.timeout(0.3):
            await asked(talk, word)
    except TimeoutError:
        return True
    return False


async def test_what_is_sent_is_passed_on(talk: Talk) -> None:
    assert await asked(talk, b"good morning") == b"good morning"


async def test_a_slow_network_takes_its_time_each_way(proxy: Proxy, talk: Talk) -> None:
    clock = asyncio.get_running_loop().time
    with proxy.slow(0.1):
        before = clock()
        await asked(talk, b"hello")
    assert clock() - before >= 0.2


async def test_a_silent_network_delivers_late(proxy: Proxy, talk: Talk) -> None:
    with proxy.silent():
        assert await loses(talk, b"hello")
    assert await talk[0].readexactly(5) == b"hello"


async def test_a_cut_connection_is_reset_and_a_new_one_works(proxy: Proxy, talk: Talk) -> None:
    await asked(talk, b"hello")
    assert proxy.cut() == 1
    with pytest.raises(ConnectionResetError):
        await talk[0].read(1)
    again = await asyncio.open_connection(*proxy.here)
    assert await asked(again, b"hello") == b"hello"
    again[1].transport.abort()


@pytest.mark.parametrize("responses", [True, False], ids=["its response", "itself"])
async def test_a_word_is_lost_and_all_after_it(proxy: Proxy, talk: Talk, responses: bool) -> None:
    with proxy.losing(b"c[a-z]*t", responses=responses) as trap:
        assert await asked(talk, b"hello") == b"hello"
        assert await loses(talk, b"commit")
        assert await loses(talk, b"hello")
        assert trap.caught == 1
    assert await loses(talk, b"hello"), "it goes on losing"


async def test_nobody_behind_it_is_noticed_by_a_closed_connection() -> None:
    with Proxy((LOOPBACK, 1)) as proxy:
        reader, writer = await asyncio.open_connection(*proxy.here)

        async def closed() -> bool:
            try:
                return await reader.read(1) == b""
            except ConnectionResetError:
                return True

        await eventually(closed)
        writer.transport.abort()
