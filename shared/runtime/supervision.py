"""Long-running parts of one process: started together, stopped in order, and none fails in silence."""

import asyncio
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Protocol

from shared.jobs.tasks import end
from shared.observability.logging import get_logger, toggle_debug

SIGNALS = (signal.SIGTERM, signal.SIGINT)
DETAIL = signal.SIGUSR1

log = get_logger(__name__)


class Part(Protocol):
    """Something that runs as long as the process does."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, finish what was begun, return. Returning earlier is a failure."""
        ...


class _Running:
    """A part at work: it has its own `stop`, so that parts can be stopped one after another."""

    def __init__(self, name: str, part: Part, ended: asyncio.Event) -> None:
        self.name, self._part, self._ended = name, part, ended
        self.stop = asyncio.Event()
        self.well = False

    async def run(self) -> None:
        """Never raises: how it went is told by `well` and by the log; in any case `ended` is set."""
        try:
            await self._part.run(self.stop)
            self.well = self.stop.is_set()
            if not self.well:
                log.error("a part ended by itself", part=self.name)
        except Exception:
            log.exception("a part failed", part=self.name)
        except asyncio.CancelledError:
            log.exception("a part was cancelled", part=self.name)
            raise
        finally:
            self._ended.set()


async def supervise(parts: Mapping[str, Part], stop: asyncio.Event, drain_seconds: float) -> bool:
    """Run all parts until `stop` is set or one of them ends; then stop them in the order given.

    What has not ended `drain_seconds` later is cancelled. True: all parts ended well and in time.
    """
    running = [_Running(name, part, stop) for name, part in parts.items()]
    async with asyncio.TaskGroup() as group:
        tasks = {group.create_task(each.run(), name=each.name): each for each in running}
        await stop.wait()
        await _drain(tasks, drain_seconds)
    return all(each.well for each in running)


async def _drain(tasks: Mapping["asyncio.Task[None]", _Running], drain_seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(drain_seconds):
            for task, each in tasks.items():
                each.stop.set()
                await asyncio.wait([task])
    for task, each in tasks.items():
        if not task.done():
            log.error("a part was not drained in time", part=each.name)
            await end(task)


@contextmanager
def signals_set(stop: asyncio.Event) -> Iterator[None]:
    """The first SIGTERM or SIGINT sets `stop`; the second ends the process at once.

    SIGUSR1 lets it log every detail, and the next one what is configured again.
    """
    loop = asyncio.get_running_loop()

    def on_signal(number: int) -> None:
        if stop.is_set():
            os._exit(128 + number)
        log.info("stopping", signal=signal.Signals(number).name)
        stop.set()

    for number in SIGNALS:
        loop.add_signal_handler(number, on_signal, number)
    loop.add_signal_handler(DETAIL, toggle_debug)
    try:
        yield
    finally:
        for number in (*SIGNALS, DETAIL):
            loop.remove_signal_handler(number)
