"""A task that is to end ends, also if what it waits for swallows a cancellation."""

import asyncio

import pytest

from shared.jobs import tasks
from shared.jobs.tasks import end


@pytest.mark.parametrize("swallows", [0, 1, 3])
async def test_a_task_ends_however_often_a_cancellation_is_swallowed(
    swallows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "AGAIN_SECONDS", 0.01)
    left = swallows

    async def goes_round() -> None:
        nonlocal left
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if not left:
                    raise
                left -= 1

    task = asyncio.create_task(goes_round())
    await asyncio.sleep(0)
    await asyncio.wait_for(end(task), 5)
    assert task.cancelled()


async def test_a_task_that_has_ended_is_left_alone() -> None:
    task = asyncio.create_task(asyncio.sleep(0))
    await task
    await end(task)
    assert not task.cancelled()


async def test_how_a_task_ended_is_not_looked_at() -> None:
    async def fails() -> None:
        raise ValueError

    task = asyncio.create_task(fails())
    await asyncio.wait([task])
    await end(task)
    assert isinstance(task.exception(), ValueError)
