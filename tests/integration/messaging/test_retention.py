"""Nothing of messaging grows without end, and nothing is deleted that is still needed."""

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from shared.database.database import Database
from shared.jobs.retention import Kept, delete_expired, oldest, retention_jobs
from shared.kernel.errors import Unavailable
from shared.messaging.retention import messaging_retention
from shared.settings import RetentionSettings
from tests.support.clock import FakeClock
from tests.support.eventually import eventually
from tests.support.kafka import running

PER_DAY = 500
TABLES = ("outbox", "published", "inbox")
KEPT = messaging_retention(RetentionSettings())
START = datetime(2026, 1, 1, tzinfo=UTC)

# What a service leaves behind in a day: it publishes all of it, and consumes as much.
DAY = """
with written as (
  insert into outbox (event_id, topic, key, type, value, created_at)
  select gen_random_uuid(), 'any', 'key', 'any', repeat('x', 200)::bytea, $1
  from generate_series(1, $2) returning xid, position
), noted as (
  insert into published (topic, partition, base_offset, positions, published_at)
  select 'any', 0, position, array[position], $1 from written
), consumed as (
  insert into inbox (event_id, received_at) select gen_random_uuid(), $1 from written
)
select max(xid::text::bigint), max(position) from written
"""
MOVE = """
insert into relay_cursor (id, xid, position, cluster)
select 1, $1, $2, system_identifier from pg_control_system()
on conflict (id) do update set xid = excluded.xid, position = excluded.position
"""
ANOTHER_CLUSTER = "update relay_cursor set cluster = cluster # 1"
SIZES = "select pg_total_relation_size(name::regclass) from unnest($1::text[]) as name"
ROWS = "select (select count(*) from outbox), (select count(*) from published), (select count(*) from inbox)"


async def live_a_day(database: Database, now: datetime, *, publish: bool = True) -> None:
    async with database.transaction() as tx:
        row = await tx.fetchrow(DAY, now, PER_DAY)
        assert row
        if publish:
            await tx.execute(MOVE, *row)


async def sizes(database: Database) -> list[int]:
    """Of the tables with their indexes, once the room of deleted rows may be used again."""
    async with database.connection() as connection:
        for table in TABLES:
            await connection.execute(f"vacuum {table}")
        return [row[0] for row in await connection.fetch(SIZES, list(TABLES))]


async def rows(database: Database) -> tuple[int, ...]:
    async with database.connection() as connection:
        row = await connection.fetchrow(ROWS)
    assert row
    return tuple(row)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


async def test_a_year_takes_no_more_room_than_its_first_month(
    database: Database, clock: FakeClock
) -> None:
    size: dict[int, list[int]] = {}
    for day in range(365):
        await live_a_day(database, clock.now())
        await delete_expired(database, clock.now(), KEPT)
        size[day] = await sizes(database)
        clock.advance(timedelta(days=1).total_seconds())
    assert await rows(database) == (4 * PER_DAY, 4 * PER_DAY, 16 * PER_DAY)
    for month, year in zip(size[30], size[364], strict=True):
        assert year <= 1.2 * month


async def test_what_was_not_published_is_kept_however_old_it_is(
    database: Database, clock: FakeClock
) -> None:
    await live_a_day(database, clock.now())
    await live_a_day(database, clock.now(), publish=False)
    now = clock.advance(timedelta(days=400).total_seconds())
    await delete_expired(database, now, KEPT)
    assert await rows(database) == (PER_DAY, 0, 0)


async def test_what_was_restored_into_another_cluster_is_kept_until_it_is_rebased(
    database: Database, clock: FakeClock
) -> None:
    await live_a_day(database, clock.now())
    now = clock.advance(timedelta(days=400).total_seconds())
    async with database.transaction() as tx:
        await tx.execute(ANOTHER_CLUSTER)
    await delete_expired(database, now, KEPT)
    assert await rows(database) == (PER_DAY, PER_DAY, 0)
    async with database.transaction() as tx:
        await tx.execute(ANOTHER_CLUSTER)
    await delete_expired(database, now, KEPT)
    assert await rows(database) == (0, 0, 0)


async def test_a_table_that_cannot_be_cleaned_up_keeps_no_other_from_it(
    database: Database, clock: FakeClock
) -> None:
    await live_a_day(database, clock.now())
    late = Kept(timedelta(0), "select pg_sleep(60), $1::timestamptz, $2::int", "select now()")
    now = clock.advance(timedelta(days=20).total_seconds())
    with pytest.raises(Unavailable):
        await delete_expired(database, now, {"late": late, **KEPT})
    assert await rows(database) == (0, 0, 0)


async def test_how_old_the_oldest_is_goes_on_being_measured_when_nothing_is_deleted(
    database: Database, clock: FakeClock
) -> None:
    await live_a_day(database, clock.now())
    clock.advance(timedelta(days=30).total_seconds())
    measuring = retention_jobs(database, clock, KEPT)["retention_age"]
    async with running(measuring):
        await eventually(lambda: age("inbox") == timedelta(days=30).total_seconds())
    await delete_expired(database, clock.now(), KEPT)
    assert await oldest(database, clock.now(), KEPT) == dict.fromkeys(TABLES, 0.0)


def age(table: str) -> float:
    return REGISTRY.get_sample_value("rapport_retention_oldest_seconds", {"table": table}) or 0.0


async def test_while_one_worker_deletes_another_lets_it(
    database: Database, clock: FakeClock
) -> None:
    await live_a_day(database, clock.now())
    now = clock.advance(timedelta(days=30).total_seconds())
    async with database.transaction() as tx:
        await tx.execute("select pg_advisory_xact_lock(hashtext('retention'))")
        await delete_expired(database, now, KEPT)
        assert await rows(database) == (PER_DAY, PER_DAY, PER_DAY)
    await delete_expired(database, now, KEPT)
    assert await rows(database) == (0, 0, 0)
