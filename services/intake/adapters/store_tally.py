"""SQL of the accounts: received = stored + quarantined + deduplicated, per channel."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from shared.database.database import Tx


class Column(StrEnum):
    """What becomes of what is received."""

    STORED = "stored"
    QUARANTINED = "quarantined"
    DEDUPLICATED = "deduplicated"


Kept = tuple[str, Column]
"""A channel, and what became of something that came over it."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
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


async def add(tx: Tx, amounts: Mapping[Kept, int]) -> None:
    """Add amounts; a negative one is what moved to another column. Nothing costs no statement."""
    channels = sorted({channel for channel, _ in amounts})
    if channels:
        columns = [[amounts.get((each, column), 0) for each in channels] for column in Column]
        await tx.execute(ADD, channels, *columns)


async def sums(tx: Tx) -> list[Account]:
    """The accounts of each channel."""
    return [Account(**dict(row)) for row in await tx.fetch(SUMS)]
