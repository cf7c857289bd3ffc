"""Waiting, longer each time, and never when it is time to stop."""

import asyncio

import pytest

from shared.jobs import backoff
from shared.jobs.backoff import Backoff, pause


async def test_each_wait_is_longer_up_to_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def note(_: asyncio.Event, seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(backoff, "pause", note)
    stop, waiting = asyncio.Event(), Backoff(first=1.0, longest=5.0)
    for _ in range(5):
        await waiting.wait(stop)
    waiting.reset()
    await waiting.wait(stop)
    for wait, longest in zip(waits, (1, 2, 4, 5, 5, 1), strict=True):
        assert longest / 2 <= wait <= longest


async def test_nobody_waits_who_is_to_stop() -> None:
    stop = asyncio.Event()
    stop.set()
    async with asyncio.timeout(5):
        await pause(stop, 60)


async def test_a_pause_ends_when_its_time_is_over() -> None:
    async with asyncio.timeout(5):
        await pause(asyncio.Event(), 0.01)
