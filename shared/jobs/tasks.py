"""Ending a task for certain."""

import asyncio
from typing import Any

AGAIN_SECONDS = 1.0


async def end(task: "asyncio.Task[Any]") -> None:
    """Cancel the task and wait until it has ended; how it ended is not looked at.

    Once is not enough for a task that goes round: what it waits for may come to its own end in the same
    moment (a deadline of the database driver, say), and then swallows the cancellation.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=AGAIN_SECONDS)
