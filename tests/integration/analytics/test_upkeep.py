"""What the worker does on the side, and that the migration is what the tables say."""

from datetime import timedelta

from prometheus_client import REGISTRY

from services.analytics.entrypoints.timers import Upkeep
from shared.database.database import Database
from shared.database.migrate import difference
from tests.conftest import MakeDsn
from tests.integration.analytics.conftest import Count
from tests.support.clock import FakeClock
from tests.support.life import NOON, Life


async def test_freshness_is_the_age_of_the_newest_event_whatever_came_last(
    database: Database, count_batch: Count
) -> None:
    life = Life()
    life.received()
    life.queued()
    older, newer = life.incoming()
    await count_batch([newer])
    await count_batch([older])
    clock = FakeClock(newer.time + timedelta(seconds=30))
    await Upkeep(database, clock, 10).round()
    assert REGISTRY.get_sample_value("rapport_figures_age_seconds") == 30


async def test_upkeep_keeps_what_may_still_move(database: Database, count_batch: Count) -> None:
    life = Life()
    life.received()
    life.queued()
    for incoming in life.incoming():
        await count_batch([incoming])
    zeros = "select count(*) from rollup where n = 0"
    async with database.connection() as tx:
        before = await tx.fetchval(zeros)
        await Upkeep(database, FakeClock(NOON), 10).round()
        assert await tx.fetchval(zeros) == before > 0
        await Upkeep(database, FakeClock(NOON + timedelta(days=1)), 10).round()
        assert await tx.fetchval(zeros) == 0


async def test_the_migration_makes_what_the_tables_say(postgres_dsn: MakeDsn) -> None:
    assert await difference("analytics", await postgres_dsn("analytics")) == []
