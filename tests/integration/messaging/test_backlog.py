"""What waits in the outbox is measured without counting it, and beyond its limit nothing is admitted."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from shared.contracts.cloudevents import Outgoing
from shared.database.database import Database
from shared.kernel.errors import Unavailable
from shared.messaging.outbox.append import append
from shared.messaging.outbox.backlog import MEASURE, ROW_BYTES, SAMPLE, Backlog, Limit
from tests.support.kafka import SOURCE, confirmed

PUBLISHED = """
insert into relay_cursor (id, xid, position)
select 1, xid, position from outbox order by xid desc, position desc limit 1
on conflict (id) do update set xid = excluded.xid, position = excluded.position
"""
PLENTY = 10**12


async def write(database: Database, count: int) -> None:
    async with database.transaction() as tx:
        await append(tx, SOURCE, [Outgoing(confirmed()) for _ in range(count)])


async def sizes(database: Database) -> Sequence[int]:
    async with database.connection() as tx:
        return [row[0] for row in await tx.fetch("select octet_length(value) from outbox")]


async def admits(database: Database, rows: int = PLENTY, size: int = PLENTY) -> bool:
    backlog = Backlog(database, Limit(rows, size))
    await backlog.measure()
    try:
        backlog.admit()
    except Unavailable:
        return False
    return True


async def test_an_empty_outbox_admits_everybody(database: Database) -> None:
    assert await admits(database, rows=1, size=1)


@pytest.mark.parametrize("published", [0, 30])
async def test_beyond_so_many_rows_nothing_is_admitted(database: Database, published: int) -> None:
    if published:
        await write(database, published)
        async with database.connection() as tx:
            await tx.execute(PUBLISHED)
    await write(database, 1_200)
    assert await admits(database, rows=1_201)
    assert not await admits(database, rows=1_200)


async def test_a_refusal_names_the_outbox_and_says_when_to_come_again(database: Database) -> None:
    await write(database, 3)
    backlog = Backlog(database, Limit(1, PLENTY))
    await backlog.measure()
    with pytest.raises(Unavailable, match="outbox: 3 events of about 0 MiB wait") as refused:
        await backlog.check()
    assert refused.value.facts == {"retry_after_seconds": 30}


async def test_beyond_so_many_bytes_nothing_is_admitted(database: Database) -> None:
    await write(database, 300)
    size = sum(await sizes(database)) + 300 * ROW_BYTES
    assert await admits(database, size=size + 300)
    assert not await admits(database, size=size - 300)


async def test_when_all_is_published_everybody_is_admitted_again(database: Database) -> None:
    await write(database, 300)
    assert not await admits(database, rows=10)
    async with database.connection() as tx:
        await tx.execute(PUBLISHED)
    assert await admits(database, rows=1, size=1)


async def test_a_topic_that_takes_nothing_counts_from_its_own_cursor(database: Database) -> None:
    await write(database, 300)
    async with database.connection() as tx:
        await tx.execute(PUBLISHED)
        await tx.execute(
            "insert into held_topic (topic, xid, position, reason) values ('a', '0', 0, 'gone')"
        )
    assert not await admits(database, rows=300)
    assert await admits(database, rows=301)


async def test_a_measure_reads_as_many_rows_of_a_long_outbox_as_of_a_short_one(
    database: Database,
) -> None:
    await write(database, 5_000)
    async with database.connection() as tx:
        await tx.execute("analyze outbox")
        plan = await tx.fetchval(f"explain (analyze, format json) {MEASURE}", SAMPLE)
    scans = [each for each in nodes(plan[0]["Plan"]) if each.get("Relation Name") == "outbox"]
    assert [each["Actual Rows"] for each in scans] == [SAMPLE] * 2
    assert {each.get("Rows Removed by Filter", 0) for each in scans} == {0}


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan and all below it."""
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes(each)
