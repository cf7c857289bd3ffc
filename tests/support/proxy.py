"""A piece of network between two parts that can be made worse: slow, silent, cut, or losing data from a word on."""

import asyncio
import re
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import Any, Self, TypeVar

from deploy.local.ports import LOOPBACK, free_port
from deploy.local.started import Started

CHUNK = 65_536
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing tells the other side that the connection was reset."""

T = TypeVar("T")


@dataclass
class Trap:
    """A word to the part behind the proxy, and what is lost from it on: the requests or the responses.

    The word must come in one piece, as the small requests of a protocol do.
    """

    word: re.Pattern[bytes]
    lose_responses: bool
    caught: int = 0


@dataclass(eq=False)
class Line:
    """One connection through the proxy."""

    near: StreamWriter
    far: StreamWriter
    trapped: Trap | None = None

    def reset(self) -> None:
        """End it as a broken network does."""
        for writer in (self.near, self.far):
            with suppress(OSError):
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, RESET
                )
            writer.transport.abort()


@dataclass
class Proxy(Started):
    """Hands every connection to `port` on to `target` (host, port); a context manager.

    It lives on a thread and loop of its own, so it works whatever the test is doing.
    """

    target: tuple[str, int]
    port: int = field(default_factory=free_port)
    _delay: float = 0.0
    _trap: Trap | None = None
    _lines: set[Line] = field(default_factory=set)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    def start(self) -> Self:
        """Return when it is there."""
        self._loop = asyncio.new_event_loop()
        self._passing = asyncio.Event()
        self._passing.set()
        self._thread = Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._server = self._there(asyncio.start_server(self._serve, LOOPBACK, self.port))
        return self

    def stop(self) -> None:
        """End it."""
        self._there(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def here(self) -> tuple[str, int]:
        """Where clients are to connect."""
        return LOOPBACK, self.port

    @contextmanager
    def slow(self, seconds: float) -> Iterator[None]:
        """Inside the block every piece of data takes that much longer, each way."""
        self._delay = seconds
        try:
            yield
        finally:
            self._delay = 0.0

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Inside the block nothing passes, and nobody notices; afterwards it arrives after all."""
        self._loop.call_soon_threadsafe(self._passing.clear)
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._passing.set)

    @contextmanager
    def losing(self, word: bytes, *, responses: bool = False) -> Iterator[Trap]:
        """Inside the block a connection on which `word` (a pattern) is sent loses data.

        The word and all after it are lost on their way or, with `responses`, what comes back from
        then on. Such a connection loses data until it ends.
        """
        self._trap = Trap(re.compile(word, re.DOTALL), responses)
        try:
            yield self._trap
        finally:
            self._trap = None

    @property
    def passing(self) -> bool:
        """Whether anything passes."""
        return self._passing.is_set()

    @property
    def lines(self) -> int:
        """How many connections there are."""
        return len(self._lines)

    def cut(self) -> int:
        """Reset every connection there is; how many that were."""
        return self._there(self._cut())

    async def _serve(self, reader: StreamReader, near: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            back, far = await asyncio.open_connection(*self.target)
        except OSError:
            near.transport.abort()
            return
        except asyncio.CancelledError:
            near.transport.abort()
            raise
        line = Line(near, far)
        self._lines.add(line)
        try:
            await _either(self._forward(line, reader), self._return(line, back))
        finally:
            self._lines.discard(line)
            near.close()
            far.close()

    async def _forward(self, line: Line, reader: StreamReader) -> None:
        while data := await reader.read(CHUNK):
            await self._travel()
            trap = self._trap
            if trap and not line.trapped and trap.word.search(data):
                trap.caught += 1
                line.trapped = trap
            if not line.trapped or line.trapped.lose_responses:
                await _pass_on(data, line.far)

    async def _return(self, line: Line, reader: StreamReader) -> None:
        while data := await reader.read(CHUNK):
            await self._travel()
            if not (line.trapped and line.trapped.lose_responses):
                await _pass_on(data, line.near)

    async def _travel(self) -> None:
        await self._passing.wait()
        if self._delay:
            await asyncio.sleep(self._delay)

    async def _cut(self) -> int:
        lines = list(self._lines)
        for line in lines:
            line.reset()
        return len(lines)

    async def _close(self) -> None:
        self._server.close()
        await self._server.wait_closed()
        await _some_turns()  # who was let in at the last moment has a task now
        while self._tasks:
            await self._cut()
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)
        await _some_turns()  # and what was aborted is closed

    def _there(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def _some_turns() -> None:
    """Let the loop finish what it has begun; from accepting to a task takes it four turns."""
    for _ in range(10):
        await asyncio.sleep(0)


async def _pass_on(data: bytes, writer: StreamWriter) -> None:
    writer.write(data)
    await writer.drain()


async def _either(*both: Coroutine[Any, Any, None]) -> None:
    """Until one of them ends, however; the other one is called off."""
    tasks = [asyncio.create_task(each) for each in both]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
