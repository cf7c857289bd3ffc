"""SQL of the tally: received = stored + quarantined + deduplicated, per channel."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from shared.database.database import Tx
from shared.database.rows import from_row


class Column(StrEnum):
    """What becomes of what is received."""

    STORED = "stored"
    QUARANTINED = "quarantined"
    DEDUPLICATED = "deduplicated"


Counted = tuple[str, Column]
"""A channel, and what became of something that came over it."""


class ChannelTally(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of one channel since the beginning."""

    channel: str
    received: int
    stored: int
    quarantined: int
    deduplicated: int


# A row per connection or so: concurrent transactions seldom wait for each other's counts.
ADD = """
insert into tally (channel, shard, received, stored, quarantined, deduplicated)
select channel, pg_backend_pid() % 16, stored + quarantined + deduplicated,
  stored, quarantined, deduplicated
from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[])
  as given (channel, stored, quarantined, deduplicated) order by channel
on conflict (channel, shard) do update set received = tally.received + excluded.received,
  stored = tally.stored + excluded.stored, quarantined = tally.quarantined + excluded.quarantined,
  deduplicated = tally.deduplicated + excluded.deduplicated
"""
SUMS = """
select channel, sum(received)::bigint as received, sum(stored)::bigint as stored,
  sum(quarantined)::bigint as quarantined, sum(deduplicated)::bigint as deduplicated
from tally group by channel order by channel
"""


async def add(tx: Tx, amounts: Mapping[Counted, int]) -> None:
    """Add amounts; a negative one is what moved to another column. Nothing costs no statement."""
    channels = sorted({channel for channel, _ in amounts})
    if channels:
        columns = [[amounts.get((each, column), 0) for each in channels] for column in Column]
        await tx.execute(ADD, channels, *columns)


async def sums(tx: Tx) -> list[ChannelTally]:
    """The tally of each channel."""
    return [from_row(row, ChannelTally) for row in await tx.fetch(SUMS)]
