"""All SQL of analytics: a batch's facts as a set, the sums as a set.

Rows are touched in the order of their keys, and tables in the order fact, rollup, heard, so that two
batches wait for each other and never in a circle.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from services.analytics.domain.facts import Fact
from services.analytics.domain.rollups import Sums
from shared.database.database import Tx

INSERT_NEW = """
insert into fact (contact_id, body)
select contact_id, body::jsonb from unnest($1::uuid[], $2::text[]) as told (contact_id, body)
order by contact_id
on conflict do nothing returning contact_id
"""
LOCK = """
select contact_id, body::text from fact where contact_id = any($1::uuid[])
order by contact_id for update
"""
SAVE = """
update fact set body = grown.body::jsonb
from unnest($1::uuid[], $2::text[]) as grown (contact_id, body)
where fact.contact_id = grown.contact_id
"""
ADD = """
insert into rollup (period_start, queue_id, channel, measure, bucket, n)
select * from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
on conflict (period_start, queue_id, channel, measure, bucket)
do update set n = rollup.n + excluded.n
"""
ADVANCE_WATERMARKS = """
insert into heard (topic, last_event_at)
select topic, last from unnest($1::text[], $2::timestamptz[]) as told (topic, last) order by topic
on conflict (topic) do update
set last_event_at = greatest(heard.last_event_at, excluded.last_event_at)
"""
SUMS = """
select width_bucket(period_start, $1::timestamptz[]) as period, measure, bucket, sum(n)::bigint as n
from rollup
where period_start >= $2 and period_start < $3
  and measure = any($4::text[])
  and ($5::text is null or queue_id = $5) and ($6::text is null or channel = $6)
group by 1, 2, 3 having sum(n) <> 0
"""
ALL_SUMS = """
select period_start, queue_id, channel, measure, bucket, n from rollup where n <> 0
"""
PAGE = """
select contact_id, body::text from fact
where $1::uuid is null or contact_id > $1 order by contact_id limit $2
"""
SWEEP = """
delete from rollup where (period_start, queue_id, channel, measure, bucket) in (
  select period_start, queue_id, channel, measure, bucket from rollup
  where n = 0 and period_start < $1 limit $2 for update skip locked
)
"""

_read_fact = msgspec.json.Decoder(Fact).decode
_encode = msgspec.json.Encoder().encode


async def insert_new(tx: Tx, facts: Mapping[UUID, Fact]) -> set[UUID]:
    """Store those facts whose contact is not known yet; their ids.

    Waits for another batch that is just now storing the same contact; `lock` then finds its row.
    """
    rows = await tx.fetch(INSERT_NEW, list(facts), [_write_fact(fact) for fact in facts.values()])
    return {row["contact_id"] for row in rows}


async def lock(tx: Tx, contact_ids: Collection[UUID]) -> dict[UUID, Fact]:
    """The facts of these contacts, held until the transaction ends."""
    if not contact_ids:
        return {}
    rows = await tx.fetch(LOCK, list(contact_ids))
    return {row["contact_id"]: _read_fact(row["body"]) for row in rows}


async def save(tx: Tx, facts: Mapping[UUID, Fact]) -> None:
    """Write facts that are locked."""
    if facts:
        await tx.execute(SAVE, list(facts), [_write_fact(fact) for fact in facts.values()])


async def add(tx: Tx, sums: Sums) -> None:
    """Add to the stored sums, key by key."""
    rows = sorted((*key, n) for key, n in sums.items() if n)
    if rows:
        await tx.execute(ADD, *map(list, zip(*rows, strict=True)))


async def advance_watermarks(tx: Tx, last_event_at: Mapping[str, datetime]) -> None:
    """Note per topic the time of the newest event that is counted."""
    if last_event_at:
        await tx.execute(ADVANCE_WATERMARKS, list(last_event_at), list(last_event_at.values()))


async def newest_event(tx: Tx) -> datetime | None:
    """The time of the newest event that is counted; None before the first."""
    newest: datetime | None = await tx.fetchval("select max(last_event_at) from heard")
    return newest


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
    for row in await tx.fetch(SUMS, cuts, cuts[0], cuts[-1], measures, queue_id, channel):
        of_period = found[row["period"] - 1]
        of_period.setdefault(row["measure"], {})[row["bucket"]] = row["n"]
    return found


async def all_sums(tx: Tx) -> Sums:
    """Every stored sum that is not 0."""
    rows = await tx.fetch(ALL_SUMS)
    return {(row[0], row[1], row[2], row[3], row[4]): row[5] for row in rows}


async def all_facts(tx: Tx, page: int = 5_000) -> AsyncIterator[Iterable[Fact]]:
    """Every stored fact, a page at a time."""
    last: UUID | None = None
    while rows := await tx.fetch(PAGE, last, page):
        yield [_read_fact(row["body"]) for row in rows]
        last = rows[-1]["contact_id"]


async def hold_facts(tx: Tx) -> None:
    """Let nobody change a fact until the transaction ends, and lift the limit on its statements."""
    await tx.execute("set local statement_timeout = 0")
    await tx.execute("lock table fact in share row exclusive mode")


async def forget_sums(tx: Tx) -> None:
    """Remove all sums."""
    await tx.execute("delete from rollup")


async def forget_marks(tx: Tx) -> None:
    """Remove the marks of what was heard, so that it may be heard again. Waits for batches to end."""
    await tx.execute("truncate inbox")


async def forget_all(tx: Tx) -> None:
    """Remove everything that was heard and counted. Waits for batches to end."""
    await tx.execute("truncate inbox, fact, rollup, heard")


async def sweep(tx: Tx, before: datetime, limit: int = 5_000) -> int:
    """Remove sums of periods before `before` that have become 0; how many."""
    return int((await tx.execute(SWEEP, before, limit)).split()[-1])


def _write_fact(fact: Fact) -> str:
    return _encode(fact).decode()
