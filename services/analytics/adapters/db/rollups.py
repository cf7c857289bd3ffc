"""The sums, added to and read as sets."""

from collections.abc import Sequence
from datetime import datetime

from services.analytics.domain.rollups import Sums
from shared.database.database import Tx

ADD = """
insert into rollup (period_start, queue_id, channel, measure, bucket, n)
select * from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
on conflict (period_start, queue_id, channel, measure, bucket)
do update set n = rollup.n + excluded.n
"""
BY_PERIOD = """
select width_bucket(period_start, $1::timestamptz[]) as period, measure, bucket, sum(n)::bigint as n
from rollup
where period_start >= $2 and period_start < $3
  and measure = any($4::text[])
  and ($5::text is null or queue_id = $5) and ($6::text is null or channel = $6)
group by 1, 2, 3 having sum(n) <> 0
"""
ALL = """
select period_start, queue_id, channel, measure, bucket, n from rollup where n <> 0
"""
SWEEP = """
delete from rollup where (period_start, queue_id, channel, measure, bucket) in (
  select period_start, queue_id, channel, measure, bucket from rollup
  where n = 0 and period_start < $1 limit $2 for update skip locked
)
"""


async def add(tx: Tx, sums: Sums) -> None:
    """Add to the stored sums, key by key."""
    rows = sorted((*key, n) for key, n in sums.items() if n)
    if rows:
        await tx.execute(ADD, *map(list, zip(*rows, strict=True)))


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
    """Every stored sum that is not 0."""
    rows = await tx.fetch(ALL)
    return {(row[0], row[1], row[2], row[3], row[4]): row[5] for row in rows}


async def delete_all(tx: Tx) -> None:
    """Remove all sums."""
    await tx.execute("delete from rollup")


async def sweep(tx: Tx, before: datetime, max_count: int = 5_000) -> int:
    """Remove sums of periods before `before` that have become 0; how many."""
    return int((await tx.execute(SWEEP, before, max_count)).split()[-1])
