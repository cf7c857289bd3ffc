"""Tasks of one owner: begun at any time, waited for or cancelled together."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class TaskSet:
    """Running tasks. A failure of one is raised by the next `settle` or `drop`, never swallowed."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._failures: list[BaseException] = []

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Start it beside the others."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    async def settle(self) -> None:
        """Wait until no task runs, those begun meanwhile included."""
        while self._running:
            await asyncio.wait(set(self._running))
        self._raise()

    async def drop(self) -> None:
        """Cancel every task and wait until all have ended."""
        for task in self._running:
            task.cancel()
        await self.settle()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (failure := task.exception()):
            self._failures.append(failure)

    def _raise(self) -> None:
        if self._failures:
            raise self._failures.pop(0)
