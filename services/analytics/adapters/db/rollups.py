"""The sums of each generation, added to and read as sets."""

from collections.abc import Sequence
from datetime import datetime

from services.analytics.adapters.db.generations import CURRENT
from services.analytics.domain.rollups import Sums
from shared.database.database import Tx

STEP = 5_000
"""So many sums are removed in one transaction at most."""

ADD = """
insert into rollup (generation, period_start, queue_id, channel, measure, bucket, n)
select $1, * from unnest(
  $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[])
on conflict (generation, period_start, queue_id, channel, measure, bucket)
do update set n = rollup.n + excluded.n
"""
BY_PERIOD = f"""
select width_bucket(period_start, $1::timestamptz[]) as period, measure, bucket, sum(n)::bigint as n
from rollup
where generation = {CURRENT} and period_start >= $2 and period_start < $3
  and measure = any($4::text[])
  and ($5::text is null or queue_id = $5) and ($6::text is null or channel = $6)
group by 1, 2, 3 having sum(n) <> 0
"""  # noqa: S608 - it is ours
ALL = f"""
select period_start, queue_id, channel, measure, bucket, n from rollup
where generation = {CURRENT} and n <> 0
"""  # noqa: S608 - it is ours
SWEEP = f"""
delete from rollup where ctid = any(array(
  select ctid from rollup
  where generation = {CURRENT} and n = 0 and period_start >= $1 and period_start < $2
  limit $3 for update skip locked
))
"""  # noqa: S608 - it is ours
FIRST_PERIOD = f"select min(period_start) from rollup where generation = {CURRENT}"  # noqa: S608 - it is ours
DELETE_BEFORE = """
delete from rollup where ctid = any(array(
  select ctid from rollup where generation < $1 order by generation limit $2 for update skip locked
))
"""
DELETE_AFTER = """
delete from rollup where ctid = any(array(
  select ctid from rollup where generation > $1 order by generation limit $2 for update skip locked
))
"""


async def add(tx: Tx, generation: int, sums: Sums) -> None:
    """Add to the stored sums of a generation, key by key."""
    rows = sorted((*key, n) for key, n in sums.items() if n)
    if rows:
        await tx.execute(ADD, generation, *map(list, zip(*rows, strict=True)))


async def sums_by_period(
    tx: Tx,
    cuts: Sequence[datetime],
    measures: Sequence[str],
    *,
    queue_id: str | None = None,
    channel: str | None = None,
) -> list[dict[str, dict[str, int]]]:
    """The sums of these measures in each period between two neighbours of `cuts`, by bucket."""
    found: list[dict[str, dict[str, int]]] = [{} for _ in cuts[1:]]
    for row in await tx.fetch(BY_PERIOD, cuts, cuts[0], cuts[-1], measures, queue_id, channel):
        of_period = found[row["period"] - 1]
        of_period.setdefault(row["measure"], {})[row["bucket"]] = row["n"]
    return found


async def all_sums(tx: Tx) -> Sums:
    """Every stored sum that is read and is not 0."""
    rows = await tx.fetch(ALL)
    return {(row[0], row[1], row[2], row[3], row[4]): row[5] for row in rows}


async def first_period(tx: Tx) -> datetime | None:
    """The start of the oldest period that has sums; null: there are none."""
    found: datetime | None = await tx.fetchval(FIRST_PERIOD)
    return found


async def sweep(tx: Tx, since: datetime, before: datetime) -> int:
    """Remove sums of periods in [since, before) that have become 0, `STEP` at most; how many.

    Reads all sums of these periods: nothing finds those at 0.
    """
    return _count(await tx.execute(SWEEP, since, before, STEP))


async def delete_before(tx: Tx, generation: int) -> int:
    """Remove sums of older generations, `STEP` at most; how many."""
    return _count(await tx.execute(DELETE_BEFORE, generation, STEP))


async def delete_after(tx: Tx, generation: int) -> int:
    """Remove sums of newer generations, `STEP` at most; how many."""
    return _count(await tx.execute(DELETE_AFTER, generation, STEP))


def _count(status: str) -> int:
    return int(status.split()[1])
