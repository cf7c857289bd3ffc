"""A periodic job: run at once, again when its time has come, later when something is away."""

import asyncio

import pytest

from shared.jobs.periodic import PeriodicJob
from shared.kernel.errors import Unavailable
from tests.support.eventually import eventually
from tests.support.kafka import running

HOURS = 3_600.0


async def test_a_job_runs_at_once_and_again_when_its_time_has_come() -> None:
    runs: list[int] = []

    async def count() -> float:
        runs.append(1)
        return 0.0 if len(runs) < 3 else HOURS

    async with running(PeriodicJob("count", count)):
        await eventually(lambda: len(runs) == 3)


async def test_a_job_that_waits_ends_when_the_process_stops() -> None:
    async def rest() -> float:
        return HOURS

    stop = asyncio.Event()
    work = asyncio.create_task(PeriodicJob("rest", rest).run(stop))
    await asyncio.sleep(0)
    stop.set()
    async with asyncio.timeout(5):
        await work


async def test_a_run_that_was_begun_is_finished() -> None:
    begun, go_on, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> float:
        begun.set()
        await go_on.wait()
        ended.set()
        return HOURS

    stop = asyncio.Event()
    job = asyncio.create_task(PeriodicJob("work", work).run(stop))
    await begun.wait()
    stop.set()
    go_on.set()
    async with asyncio.timeout(5):
        await job
    assert ended.is_set()


async def test_what_is_away_is_logged_and_tried_again() -> None:
    tries: list[int] = []

    async def work() -> float:
        tries.append(1)
        if len(tries) == 1:
            raise Unavailable("the database is away")
        return HOURS

    job = PeriodicJob("work", work)
    async with running(job):
        await eventually(lambda: len(tries) == 1, every=0.001)
        with pytest.raises(Unavailable, match="the database is away"):
            await job.check()
        await eventually(lambda: len(tries) == 2)
        await eventually(job.check)


async def test_a_mistake_of_ours_ends_the_job() -> None:
    async def work() -> float:
        raise KeyError

    with pytest.raises(KeyError):
        await PeriodicJob("work", work).run(asyncio.Event())
