"""Waiting that can be called off, resting after work, and waiting longer each time."""

import asyncio
import random
from contextlib import suppress

LONGEST_REST_SECONDS = 0.05
WORTH_A_BATCH = 200
"""Records or rows; who finished so many goes on without a rest."""


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait that long, or until `stop` is set."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


async def rest(stop: asyncio.Event, began: float) -> None:
    """Rest as long as the work has taken that began at that time of the loop, or until `stop` is set.

    Who rests after a small set takes more at once the next time. So the busier the machine is, the
    fewer transactions it has to make; and where there is nothing to do, nobody is kept waiting.
    """
    await pause(stop, min(asyncio.get_running_loop().time() - began, LONGEST_REST_SECONDS))


class Backoff:
    """Twice as long each time, up to `longest` seconds, and never quite the same as the neighbour's."""

    def __init__(self, first: float = 0.1, longest: float = 5.0) -> None:
        self._first, self._longest = first, longest
        self._next = first

    def reset(self) -> None:
        """It went well: begin again with the shortest wait."""
        self._next = self._first

    def next(self) -> float:
        """How many seconds to wait now; longer than the last time."""
        seconds, self._next = self._next, min(self._next * 2, self._longest)
        return seconds * random.uniform(0.5, 1.0)  # noqa: S311 - it spreads load

    async def wait(self, stop: asyncio.Event) -> None:
        """Wait once, longer than the last time; returns at once when `stop` is set."""
        await pause(stop, self.next())
