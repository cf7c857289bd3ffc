"""Facts and sums in a real database: any order, any company, and the same sums."""

import asyncio
from datetime import timedelta
from random import Random

from hypothesis import HealthCheck, given, settings

from services.analytics.adapters.db import rollups
from services.analytics.application.commands.sweep_rollups import TURN_SECONDS, sweep_rollups
from services.analytics.application.queries.recounted import differences
from services.analytics.application.recounting import recount
from services.analytics.domain.calendar_periods import span
from services.analytics.domain.figures.registry import MEASURES
from services.analytics.domain.rollups import NOT_QUEUED, Sums, contributions
from shared.database.database import Database
from tests.integration.analytics.conftest import Count
from tests.support.life import NOON, Life, whole_life
from tests.unit.analytics.histories import Batches, arrivals, counted, fact_of

DAYS = 4
A_FEW = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def sums_of(lives: list[Life]) -> Sums:
    right: Sums = {}
    for life in lives:
        for key, n in contributions(fact_of(life)).items():
            right[key] = right.get(key, 0) + n
    return right


async def stored(database: Database) -> Sums:
    async with database.connection() as tx:
        return await rollups.all_sums(tx)


async def wrong(database: Database) -> object:
    async with database.transaction() as tx:
        return await differences(tx)


@A_FEW
@given(arrivals())
async def test_any_order_in_any_batches_gives_the_same_sums(
    database: Database, count_batch: Count, drawn: tuple[list[Life], Batches]
) -> None:
    lives, batches = drawn
    async with database.transaction() as tx:
        await tx.execute("truncate inbox, fact, rollup, watermark")
    for batch in batches:
        await count_batch(batch)
    assert await stored(database) == sums_of(lives) == counted(batches)[1]
    assert await wrong(database) == {}


async def test_members_that_share_contacts_lose_nothing(
    database: Database, count_batch: Count
) -> None:
    """Each member gets all contacts, but only its own topics; batches meet on the same rows."""
    lives = [whole_life(seed) for seed in range(60)]
    events = [incoming for life in lives for incoming in life.incoming()]
    topics = sorted({incoming.origin.topic for incoming in events})

    async def member(number: int) -> None:
        mine = [event for event in events if topics.index(event.origin.topic) % 4 == number]
        Random(number).shuffle(mine)
        for start in range(0, len(mine), 40):
            await count_batch(mine[start : start + 40])

    await asyncio.gather(*(member(number) for number in range(4)))
    assert await stored(database) == sums_of(lives)
    assert await wrong(database) == {}


async def test_the_same_events_at_once_in_two_members_count_once(
    database: Database, count_batch: Count
) -> None:
    lives = [whole_life(seed) for seed in range(30)]
    events = [incoming for life in lives for incoming in life.incoming()]
    await asyncio.gather(count_batch(events), count_batch(events[::-1]), count_batch(events[::3]))
    assert await stored(database) == sums_of(lives)


async def test_an_empty_batch_changes_nothing(database: Database, count_batch: Count) -> None:
    await count_batch([])
    assert await stored(database) == {}


async def test_a_wrong_sum_is_found_and_a_recount_puts_it_right(
    database: Database, count_batch: Count
) -> None:
    life = whole_life(7)
    await count_batch(life.incoming())
    async with database.transaction() as tx:
        await tx.execute("update rollup set n = n + 1 where measure = 'contacts'")
        await tx.execute("delete from rollup where measure = 'csat'")
    found = await wrong(database)
    assert isinstance(found, dict)
    assert sorted(key[3] for key in found) == ["contacts", "csat"]
    assert await recount(database, lambda *_: None) == 1
    assert await wrong(database) == {}
    assert await stored(database) == sums_of([life])


async def test_sums_that_became_nothing_are_swept_away(
    database: Database, count_batch: Count
) -> None:
    received, *rest = whole_life(1).incoming()
    await count_batch([received])
    await count_batch(rest)
    emptied = "select count(*) from rollup where queue_id = $1"
    async with database.connection() as tx:
        assert await tx.fetchval(emptied, NOT_QUEUED) > 0
        first = await rollups.first_period(tx)
        assert first is not None
        for turn in range(DAYS):
            now = first + timedelta(days=DAYS, seconds=turn * TURN_SECONDS)
            await sweep_rollups(tx, now)
        assert await tx.fetchval(emptied, NOT_QUEUED) == 0
    assert await wrong(database) == {}


async def test_only_the_sums_of_the_asked_figures_are_read(
    database: Database, count_batch: Count
) -> None:
    await count_batch([each for seed in range(9) for each in whole_life(seed).incoming()])
    asked = span(NOON, NOON + timedelta(hours=3), "total")
    async with database.connection() as tx:
        (everything,) = await rollups.sums_by_period(tx, asked.cuts, [each.id for each in MEASURES])
        (some,) = await rollups.sums_by_period(tx, asked.cuts, ["csat", "contacts"])
        assert await rollups.sums_by_period(tx, asked.cuts, []) == [{}]
    assert some.keys() == {"csat", "contacts"} < everything.keys()
    assert some == {measure: everything[measure] for measure in some}
