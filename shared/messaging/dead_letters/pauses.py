"""Consumer groups that are paused since they made too many dead letters, until an operator resumes them."""

from datetime import datetime

import msgspec

from shared.database.database import Tx
from shared.database.rows import from_row

PAUSED = """
select consumer_group, paused_at, paused_because from dead_letter_limit
where paused_at is not null and ($1::text is null or consumer_group = $1) order by consumer_group
"""
PAUSE = """
insert into dead_letter_limit (consumer_group, began_at, paused_at, paused_because)
values ($1, $2, $2, $3)
on conflict (consumer_group) do update set paused_at = $2, paused_because = $3
where dead_letter_limit.paused_at is null
"""
RESUME = """
update dead_letter_limit
set paused_at = null, paused_because = null, dead = 0, sample = 0, sample_dead = 0
where paused_at is not null and ($1::text is null or consumer_group = $1) returning consumer_group
"""


class PausedGroup(msgspec.Struct, frozen=True):
    """A consumer group that reads no further, since when and why."""

    consumer_group: str
    paused_at: datetime
    paused_because: str


async def paused_groups(tx: Tx, group: str | None = None) -> list[PausedGroup]:
    """Those that are paused, or this one if it is."""
    return [from_row(row, PausedGroup) for row in await tx.fetch(PAUSED, group)]


async def pause_group(tx: Tx, group: str, because: str, now: datetime) -> None:
    """Pause it, in every process; one that is paused stays as it is."""
    await tx.execute(PAUSE, group, now, because)


async def resume_groups(tx: Tx, group: str | None = None) -> list[str]:
    """Let this group go on, or all that are paused, with counts that begin anew; which those were."""
    return [row[0] for row in await tx.fetch(RESUME, group)]
