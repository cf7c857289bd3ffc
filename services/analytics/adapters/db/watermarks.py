"""How far the sums of a generation reach: per topic, the time of the newest event that is counted."""

from collections.abc import Mapping
from datetime import datetime

from services.analytics.adapters.db.generations import CURRENT
from shared.database.database import Tx

ADVANCE = """
insert into watermark (generation, topic, last_event_at)
select $1, topic, last from unnest($2::text[], $3::timestamptz[]) as given (topic, last)
order by topic
on conflict (generation, topic) do update
set last_event_at = greatest(watermark.last_event_at, excluded.last_event_at)
"""
NEWEST = f"select max(last_event_at) from watermark where generation = {CURRENT}"  # noqa: S608 - it is ours
REMOVE_BEFORE = "delete from watermark where generation < $1"
HAND_ON = "update watermark set generation = $2 where generation = $1"


async def advance(tx: Tx, generation: int, last_event_at: Mapping[str, datetime]) -> None:
    """Note per topic the time of the newest event that is counted; it never goes back."""
    if last_event_at:
        await tx.execute(ADVANCE, generation, list(last_event_at), list(last_event_at.values()))


async def newest_event(tx: Tx) -> datetime | None:
    """The time of the newest event that is counted in what is read; None before the first."""
    newest: datetime | None = await tx.fetchval(NEWEST)
    return newest


async def hand_on(tx: Tx, generation: int, to: int) -> None:
    """The other generation reaches as far as this one, and has no watermarks yet."""
    await tx.execute(HAND_ON, generation, to)


async def remove_before(tx: Tx, generation: int) -> None:
    """Older generations are read no more."""
    await tx.execute(REMOVE_BEFORE, generation)
