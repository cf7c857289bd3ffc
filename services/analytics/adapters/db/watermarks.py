"""How far the sums reach: per topic, the time of the newest event that is counted."""

from collections.abc import Mapping
from datetime import datetime

from shared.database.database import Tx

ADVANCE = """
insert into watermark (topic, last_event_at)
select topic, last from unnest($1::text[], $2::timestamptz[]) as given (topic, last) order by topic
on conflict (topic) do update
set last_event_at = greatest(watermark.last_event_at, excluded.last_event_at)
"""


async def advance(tx: Tx, last_event_at: Mapping[str, datetime]) -> None:
    """Note per topic the time of the newest event that is counted; it never goes back."""
    if last_event_at:
        await tx.execute(ADVANCE, list(last_event_at), list(last_event_at.values()))


async def newest_event(tx: Tx) -> datetime | None:
    """The time of the newest event that is counted; None before the first."""
    newest: datetime | None = await tx.fetchval("select max(last_event_at) from watermark")
    return newest
