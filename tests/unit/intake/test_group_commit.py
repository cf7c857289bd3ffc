"""Group commit: nobody waits for a timer, one bad item fails alone, and everybody is answered."""

import asyncio
from collections.abc import Sequence
from itertools import chain

import pytest

from services.intake.application.group_commit import WORTH_A_FLUSH, GroupCommit
from shared.kernel.errors import Cancelled, Overloaded, Unavailable


class Flushes:
    """Remembers its sets; each takes so many seconds, and until `going` is set; fails where `bad` is among them."""

    def __init__(self, bad: Exception | None = None, seconds: float = 0.001) -> None:
        self.sets: list[list[int]] = []
        self.seconds, self.going = seconds, asyncio.Event()
        self.going.set()
        self.bad, self.at_once, self.most = bad, 0, 0

    async def __call__(self, items: Sequence[int]) -> list[int]:
        self.sets.append(list(items))
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await asyncio.sleep(self.seconds)
        await self.going.wait()
        self.at_once -= 1
        if self.bad and 13 in items:
            raise self.bad
        return [item * 2 for item in items]


async def test_each_gets_their_own_result_in_few_sets() -> None:
    flushes = Flushes()
    commits = GroupCommit(flushes, max_in_flight=2, max_batch=50)
    results = await asyncio.gather(*map(commits.submit, range(200)))
    assert results == [item * 2 for item in range(200)]
    assert sorted(chain.from_iterable(flushes.sets)) == list(range(200))
    assert max(map(len, flushes.sets)) == 50
    assert flushes.most == 2


async def test_one_alone_is_flushed_at_once() -> None:
    flushes = Flushes()
    assert await GroupCommit(flushes).submit(4) == 8
    assert flushes.sets == [[4]]


async def test_after_a_flush_it_rests_and_takes_what_comes_meanwhile_together() -> None:
    flushes = Flushes(seconds=0.04)
    commits = GroupCommit(flushes)
    await commits.submit(0)
    one, other = commits.submit(1), commits.submit(2)
    waiting = [asyncio.create_task(one)]
    await turns(20)
    waiting.append(asyncio.create_task(other))
    assert await asyncio.gather(*waiting) == [2, 4]
    assert flushes.sets == [[0], [1, 2]]


async def test_a_few_items_wait_for_the_flush_that_runs_and_many_do_not() -> None:
    flushes = Flushes()
    flushes.going.clear()
    commits = GroupCommit(flushes, max_in_flight=2)
    waiting = [asyncio.create_task(commits.submit(0))]
    await turns(5)
    waiting += [asyncio.create_task(commits.submit(item)) for item in range(1, WORTH_A_FLUSH)]
    await turns(5)
    assert flushes.at_once == 1
    waiting.append(asyncio.create_task(commits.submit(WORTH_A_FLUSH)))
    await turns(5)
    assert flushes.at_once == 2
    flushes.going.set()
    await asyncio.gather(*waiting)


async def turns(number: int) -> None:
    """Let the loop go round so often."""
    for _ in range(number):
        await asyncio.sleep(0)


async def test_one_bad_item_fails_alone() -> None:
    commits = GroupCommit(Flushes(ValueError("bad")), max_in_flight=1)
    results = await asyncio.gather(*map(commits.submit, range(30)), return_exceptions=True)
    assert [item for item, result in enumerate(results) if isinstance(result, ValueError)] == [13]
    assert await commits.submit(1) == 2


async def test_a_set_is_capped_by_its_bytes_and_what_is_larger_goes_alone() -> None:
    flushes = Flushes()
    commits = GroupCommit(flushes, size=lambda item: item, max_in_flight=1, max_bytes=10)
    await asyncio.gather(*map(commits.submit, [4, 6, 1, 50, 3, 3]))
    assert flushes.sets == [[4, 6], [1], [50], [3, 3]]


async def test_a_set_that_takes_too_long_is_halved_and_one_huge_item_fails_alone() -> None:
    flushes = Flushes(Cancelled("a statement took too long"))
    commits = GroupCommit(flushes, max_in_flight=1)
    results = await asyncio.gather(*map(commits.submit, range(32)), return_exceptions=True)
    assert [item for item, result in enumerate(results) if isinstance(result, Cancelled)] == [13]
    assert len(flushes.sets) == 11


async def test_where_no_neighbour_is_flushed_either_it_is_everybodys_outage() -> None:
    async def never(items: Sequence[int]) -> list[int]:
        tries.append(len(items))
        raise Cancelled("a statement took too long")

    tries: list[int] = []
    commits = GroupCommit[int, int](never, max_in_flight=1)
    results = await asyncio.gather(*map(commits.submit, range(32)), return_exceptions=True)
    assert all(isinstance(result, Cancelled) for result in results)
    assert tries == [32, 16, 8, 4, 2, 1, 1]


async def test_an_outage_is_everybodys_and_nobody_is_tried_alone() -> None:
    flushes = Flushes(Unavailable("away"))
    commits = GroupCommit(flushes, max_in_flight=1)
    results = await asyncio.gather(*map(commits.submit, range(30)), return_exceptions=True)
    assert all(isinstance(result, Unavailable) for result in results)
    assert len(flushes.sets) == 1


async def test_who_stops_waiting_does_not_stop_the_others_or_the_item() -> None:
    flushes = Flushes()
    commits = GroupCommit(flushes, max_in_flight=1)
    waiting = [asyncio.create_task(commits.submit(item)) for item in range(5)]
    await asyncio.sleep(0)
    waiting[2].cancel()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(results[2], asyncio.CancelledError)
    assert [result for result in results if isinstance(result, int)] == [0, 2, 6, 8]
    await commits.drained()
    assert 2 in flushes.sets[0]


async def test_beyond_the_backlog_new_items_are_refused() -> None:
    commits = GroupCommit(Flushes(), max_in_flight=1, backlog=3)
    results = await asyncio.gather(*map(commits.submit, range(5)), return_exceptions=True)
    assert [type(result) for result in results] == [int, int, int, Overloaded, Overloaded]


async def test_drained_waits_for_all() -> None:
    flushes = Flushes()
    commits = GroupCommit(flushes, max_in_flight=2, max_batch=3)
    waiting = [asyncio.create_task(commits.submit(item)) for item in range(10)]
    await asyncio.sleep(0)
    await commits.drained()
    assert all(task.done() for task in waiting) or sum(map(len, flushes.sets)) == 10
    await asyncio.gather(*waiting)


@pytest.mark.parametrize("max_in_flight", [1, 2, 4])
async def test_no_more_flushes_at_once_than_allowed(max_in_flight: int) -> None:
    flushes = Flushes()
    commits = GroupCommit(flushes, max_in_flight=max_in_flight, max_batch=5)
    await asyncio.gather(*map(commits.submit, range(100)))
    assert flushes.most == max_in_flight
