"""A recount: exact whatever is counted meanwhile, resumed where it was, and read when it is complete."""

import asyncio
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from services.analytics.application.commands import recount as commands
from services.analytics.application.queries.figures import read_figures
from services.analytics.application.recounting import discard, recount
from services.analytics.domain.calendar_periods import span
from services.analytics.domain.figures.registry import DEFINITIONS
from shared.database.database import Database, Tx
from shared.jobs.lease import Lease
from shared.kernel.errors import Conflict
from tests.integration.analytics.conftest import Count
from tests.integration.analytics.recounting import (
    begin,
    begun,
    slices,
    stored,
    to_the_end,
    wrong,
)
from tests.integration.analytics.test_counting import sums_of
from tests.integration.analytics.test_jobs import run_once
from tests.support.eventually import eventually
from tests.support.life import NOON, Life, whole_life
from tests.unit.analytics.histories import Batches, arrivals

A_FEW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SPOIL = "update rollup set n = n + 1 where measure = 'contacts'"
ROWS_OF = "select count(*) from rollup where generation = $1"


@pytest.fixture(autouse=True)
def _slices_of_three() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commands, "SLICE", 3)
        yield


async def counted_wrong(database: Database, count_batch: Count, contacts: int) -> list[Life]:
    """Some contacts, and each of their sums spoilt."""
    lives = [whole_life(seed) for seed in range(contacts)]
    await count_batch([event for life in lives for event in life.incoming()])
    async with database.transaction() as tx:
        await tx.execute(SPOIL)
    return lives


@A_FEW
@given(drawn=arrivals(max_lives=8), steps=st.lists(st.integers(0, 2), max_size=6))
async def test_what_is_counted_between_two_slices_is_in_the_sums_once(
    database: Database, count_batch: Count, drawn: tuple[list[Life], Batches], steps: list[int]
) -> None:
    """Batches of events that change contacts before, in and behind the slice, in any order."""
    lives, batches = drawn
    async with database.transaction() as tx:
        await tx.execute("truncate inbox, fact, rollup, watermark, generation")
    await count_batch(batches[0])
    await begin(database)
    complete = False
    for place, batch in enumerate(batches):
        if not complete:
            complete = (await slices(database, steps[place] if place < len(steps) else 1)).complete
        await count_batch(batch)
    if not complete:
        await to_the_end(database)
    assert await stored(database) == sums_of(lives)
    assert await wrong(database) == {}


async def test_a_recount_beside_members_that_go_on_counting_is_exact(
    database: Database, count_batch: Count
) -> None:
    lives = [whole_life(seed) for seed in range(90)]
    events = [event for life in lives for event in life.incoming()]
    Random(4).shuffle(events)
    await count_batch(events[:300])

    async def member(number: int) -> None:
        mine = events[300 + number :: 3]
        for start in range(0, len(mine), 5):
            await count_batch(mine[start : start + 5])

    recounting = recount(database, lambda *_: None)
    await asyncio.gather(recounting, *(member(number) for number in range(3)))
    assert await stored(database) == sums_of(lives)
    assert await wrong(database) == {}


async def test_one_that_was_stopped_goes_on_where_it_was(
    database: Database, count_batch: Count
) -> None:
    lives = await counted_wrong(database, count_batch, 20)
    await begin(database)
    assert (await slices(database, 4)).contacts == 12
    reports: list[int] = []
    assert await recount(database, lambda contacts, _: reports.append(contacts)) == 20
    assert reports == [15, 18, 20]
    assert await stored(database) == sums_of(lives)


async def test_the_old_sums_are_read_until_the_new_ones_are_complete(
    database: Database, count_batch: Count
) -> None:
    lives = await counted_wrong(database, count_batch, 10)
    old = await stored(database)
    await begin(database)
    while not (await slices(database, 1)).complete:
        assert await stored(database) == old
    assert await stored(database) == sums_of(lives) != old


async def test_the_figures_reach_as_far_as_before(database: Database, count_batch: Count) -> None:
    asked = span(NOON, NOON.replace(hour=15), "total")

    async def figures(tx: Tx) -> object:
        return await read_figures(tx, asked, DEFINITIONS)

    await count_batch([event for seed in range(9) for event in whole_life(seed).incoming()])
    async with database.connection() as tx:
        before = await figures(tx)
        await recount(database, lambda *_: None)
        assert await figures(tx) == before


async def test_a_second_one_is_refused_while_one_runs(
    database: Database, count_batch: Count
) -> None:
    await counted_wrong(database, count_batch, 4)
    running = Lease(database, "recount")
    assert await running.take()
    with pytest.raises(Conflict, match="another recount or rebuild is running"):
        await recount(database, lambda *_: None)
    with pytest.raises(Conflict, match="another recount or rebuild is running"):
        await discard(database)
    await running.give_back()
    assert await recount(database, lambda *_: None) == 4


async def test_one_that_is_given_up_leaves_nothing_behind(
    database: Database, count_batch: Count
) -> None:
    await counted_wrong(database, count_batch, 10)
    old = await stored(database)
    await begin(database)
    await slices(database, 2)
    given_up = await begun(database)
    assert given_up
    assert await discard(database) > 0
    async with database.connection() as tx:
        assert await tx.fetchval(ROWS_OF, given_up.number) == 0
    assert await stored(database) == old
    assert await begun(database) is None
    assert await discard(database) == 0


async def test_one_of_other_measures_is_not_gone_on_with(
    database: Database, count_batch: Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    lives = await counted_wrong(database, count_batch, 10)
    with monkeypatch.context() as older:
        older.setattr(commands, "COUNTED", frozenset({"contacts"}))
        await begin(database)
    with pytest.raises(Conflict, match="recount --discard"):
        await recount(database, lambda *_: None)
    await discard(database)
    await recount(database, lambda *_: None)
    assert await stored(database) == sums_of(lives)


async def test_what_a_recount_replaced_is_deleted_step_by_step(
    database: Database, count_batch: Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.analytics.adapters.db.rollups.STEP", 7)
    lives = await counted_wrong(database, count_batch, 10)
    await recount(database, lambda *_: None)
    async with database.connection() as tx:
        assert await tx.fetchval(ROWS_OF, 0) > 7
        await run_once("delete_old_sums", database, NOON)
        assert await tx.fetchval(ROWS_OF, 0) == 0
    assert await stored(database) == sums_of(lives)


async def test_operators_see_how_far_it_has_come(database: Database, count_batch: Count) -> None:
    async def shown() -> float | None:
        await run_once("measure_recount", database, NOON)
        return REGISTRY.get_sample_value("rapport_recount_contacts")

    await counted_wrong(database, count_batch, 10)
    assert await shown() == 0
    await begin(database)
    await slices(database, 2)
    assert await shown() == 6
    await to_the_end(database)
    assert await shown() == 0


async def test_events_wait_for_a_slice_and_for_no_more(
    database: Database, count_batch: Count
) -> None:
    """Who counts waits while a slice holds the generations alone, so that neither overlooks the other."""
    await begin(database)
    async with database.transaction() as tx:
        await commands.count_slice(tx)
        counting = asyncio.ensure_future(count_batch(whole_life(1).incoming()))
        await eventually(lambda: _waits(database))
        assert not counting.done()
    await counting
    assert await wrong(database) == {}


async def _waits(database: Database) -> bool:
    async with database.connection() as tx:
        return bool(await tx.fetchval("select true from pg_locks where not granted limit 1"))
