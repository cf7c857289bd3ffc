"""Waiting, longer each time, and never when it is time to stop."""

import asyncio

from shared.messaging.patience import Backoff, pause


async def elapsed(work: "asyncio.Future[None] | asyncio.Task[None]") -> float:
    clock = asyncio.get_running_loop().time
    start = clock()
    await work
    return clock() - start


async def test_each_wait_is_longer_up_to_the_most() -> None:
    stop, backoff = asyncio.Event(), Backoff(first=0.01, most=0.04)
    waits = [await elapsed(asyncio.create_task(backoff.wait(stop))) for _ in range(6)]
    assert waits[0] < 0.02
    assert 0.019 < max(waits) < 0.1
    backoff.reset()
    assert await elapsed(asyncio.create_task(backoff.wait(stop))) < 0.02


async def test_nobody_waits_who_is_to_stop() -> None:
    stop = asyncio.Event()
    stop.set()
    assert await elapsed(asyncio.create_task(pause(stop, 30))) < 1
