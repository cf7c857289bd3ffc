"""What the worker does periodically, and that the migration is what the tables say."""

from datetime import datetime, timedelta

from prometheus_client import REGISTRY

from services.analytics.application.rebuilding import Consumed
from services.analytics.entrypoints.jobs import JOBS, Context
from shared.database.database import Database
from shared.database.migrate import difference
from shared.jobs.periodic import periodic_jobs
from shared.settings import KafkaSettings
from tests.conftest import MakeDsn
from tests.integration.analytics.conftest import Count
from tests.support.clock import FakeClock
from tests.support.eventually import eventually
from tests.support.kafka import running
from tests.support.life import NOON, Life, whole_life

NOTHING = Consumed(KafkaSettings(bootstrap="127.0.0.1:1"), "nobody", ())
"""No broker is asked while no rebuild is under way."""


async def run_once(name: str, database: Database, now: datetime) -> None:
    await JOBS[name].run(Context(database, FakeClock(now), 10.0, NOTHING))


async def test_freshness_is_the_age_of_the_newest_event_whatever_came_last(
    database: Database, count_batch: Count
) -> None:
    life = Life()
    life.received()
    life.queued()
    older, newer = life.incoming()
    await count_batch([newer])
    await count_batch([older])
    await run_once("measure_freshness", database, newer.time + timedelta(seconds=30))
    assert REGISTRY.get_sample_value("rapport_figures_age_seconds") == 30


async def test_sweeping_keeps_what_may_still_move(database: Database, count_batch: Count) -> None:
    life = Life()
    life.received()
    life.queued()
    for incoming in life.incoming():
        await count_batch([incoming])
    zeros = "select count(*) from rollup where n = 0"
    async with database.connection() as tx:
        before = await tx.fetchval(zeros)
        await run_once("sweep_rollups", database, NOON)
        assert await tx.fetchval(zeros) == before > 0
        await run_once("sweep_rollups", database, NOON + timedelta(days=1))
        assert await tx.fetchval(zeros) == 0


async def test_the_jobs_run_again_and_again_until_they_are_stopped(
    database: Database, count_batch: Count
) -> None:
    clock = FakeClock(NOON + timedelta(days=1))
    first, second = (whole_life(seed).incoming() for seed in range(2))

    async def swept() -> bool:
        async with database.connection() as tx:
            return not await tx.fetchval("select count(*) from rollup where n = 0")

    async def fresh() -> bool:
        age = clock.now() - max(incoming.time for incoming in (*first, *second))
        return REGISTRY.get_sample_value("rapport_figures_age_seconds") == age.total_seconds()

    async with running(*periodic_jobs(JOBS, Context(database, clock, 0.01, NOTHING)).values()):
        for life in (first, second):
            for incoming in life:
                await count_batch([incoming])
            await eventually(swept)
        await eventually(fresh)


async def test_the_migration_makes_what_the_tables_say(postgres_dsn: MakeDsn) -> None:
    assert await difference("analytics", await postgres_dsn("analytics")) == []
