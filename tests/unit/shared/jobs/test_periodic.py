"""A periodic job: run at once, again when its time has come, later when something is away."""

import asyncio
from datetime import timedelta

import pytest

from shared.jobs import periodic
from shared.jobs.periodic import Job, PeriodicJob, periodic_jobs, seconds_until
from shared.jobs.signals import Signal
from shared.kernel.errors import Unavailable
from tests.support.clock import NOON
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


async def test_the_rest_after_a_run_makes_nothing_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of 3 s after which the next is due in 10 s: 3 s of rest, then 7 s."""
    moments, waits, stop = iter([100.0, 103.0, 200.0]), list[float](), asyncio.Event()

    async def rest(_: asyncio.Event, seconds: float) -> None:
        waits.append(seconds)

    async def wait(_: Signal, seconds: float) -> None:
        waits.append(seconds)
        stop.set()

    async def work() -> float:
        return 10.0

    monkeypatch.setattr(periodic, "_now", lambda: next(moments))
    monkeypatch.setattr(periodic, "pause", rest)
    monkeypatch.setattr(Signal, "wait", wait)
    await PeriodicJob("work", work).run(stop)
    assert waits == [3.0, 7.0]


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


@pytest.mark.parametrize(
    ("left", "wait"), [(None, 30.0), (-5.0, 0.05), (0.01, 0.05), (7.0, 7.0), (99.0, 30.0)]
)
def test_the_wait_for_what_is_due_next_has_bounds(left: float | None, wait: float) -> None:
    due = None if left is None else NOON + timedelta(seconds=left)
    assert seconds_until(due, NOON, shortest=0.05, longest=30.0) == wait


async def test_each_job_of_a_table_runs_with_the_same_context() -> None:
    runs: list[tuple[str, str]] = []

    async def first(context: str) -> float:
        runs.append(("first", context))
        return HOURS

    async def second(context: str) -> float:
        runs.append(("second", context))
        return HOURS

    jobs = periodic_jobs({"a": Job(first), "b": Job(second)}, "the same")
    assert list(jobs) == ["a", "b"]
    async with running(*jobs.values()):
        await eventually(lambda: sorted(runs) == [("first", "the same"), ("second", "the same")])
