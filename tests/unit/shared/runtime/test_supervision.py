"""Parts start together, stop in order, and take each other down when one fails."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

from shared.runtime.supervision import Part, signals_set, supervise
from tests.support.eventually import eventually

Work = Callable[[asyncio.Event], Awaitable[None]]


class Scripted(Part):
    """Does what it is asked to, and writes down when it begins and ends."""

    def __init__(self, name: str, diary: list[str], work: Work | None = None) -> None:
        self._name, self._diary, self._work = name, diary, work

    async def run(self, stop: asyncio.Event) -> None:
        self._diary.append(f"{self._name} begins")
        try:
            await (self._work(stop) if self._work else stop.wait())
        finally:
            self._diary.append(f"{self._name} ends")


async def stopped_soon(stop: asyncio.Event, diary: list[str], beginnings: int) -> None:
    await eventually(lambda: len(diary) >= beginnings, every=0.001)
    stop.set()


async def test_parts_stop_one_after_another_in_the_order_given() -> None:
    diary: list[str] = []
    stop = asyncio.Event()

    async def lingering(own: asyncio.Event) -> None:
        await own.wait()
        await asyncio.sleep(0.02)

    parts = {"a": Scripted("a", diary, lingering), "b": Scripted("b", diary, lingering)}
    stopper = asyncio.create_task(stopped_soon(stop, diary, 2))
    assert await supervise(parts, stop, 5)
    await stopper
    assert diary == ["a begins", "b begins", "a ends", "b ends"]


async def test_a_part_that_fails_stops_the_others_politely_and_the_whole_did_not_go_well() -> None:
    diary: list[str] = []

    async def failing(_: asyncio.Event) -> None:
        raise ValueError("broken")

    parts = {"good": Scripted("good", diary), "bad": Scripted("bad", diary, failing)}
    assert not await supervise(parts, asyncio.Event(), 5)
    assert diary[-1] == "good ends"


async def test_a_part_that_is_cancelled_from_within_is_a_failure() -> None:
    diary: list[str] = []

    async def cancelled(_: asyncio.Event) -> None:
        raise asyncio.CancelledError

    parts = {"good": Scripted("good", diary), "bad": Scripted("bad", diary, cancelled)}
    assert not await supervise(parts, asyncio.Event(), 5)
    assert diary[-1] == "good ends"


async def test_a_part_that_returns_by_itself_is_a_failure() -> None:
    async def returning(_: asyncio.Event) -> None:
        return None

    parts = {"gone": Scripted("gone", [], returning), "good": Scripted("good", [])}
    assert not await supervise(parts, asyncio.Event(), 5)


async def test_a_part_that_does_not_end_in_time_is_cancelled_and_the_rest_still_stops() -> None:
    diary: list[str] = []
    stop = asyncio.Event()

    async def deaf(_: asyncio.Event) -> None:
        await asyncio.Event().wait()

    parts = {"deaf": Scripted("deaf", diary, deaf), "good": Scripted("good", diary)}
    stopper = asyncio.create_task(stopped_soon(stop, diary, 2))
    async with asyncio.timeout(5):
        assert not await supervise(parts, stop, 0.05)
    await stopper
    assert sorted(diary[2:]) == ["deaf ends", "good ends"]


async def test_a_signal_sets_stop_and_is_ours_only_inside() -> None:
    stop = asyncio.Event()
    before = signal.getsignal(signal.SIGTERM)
    with signals_set(stop):
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(5):
            await stop.wait()
    assert signal.getsignal(signal.SIGTERM) == before
