"""SQL of the quarantine: what could not be read, as it came, until it can be."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from shared.contracts.record import Origin
from shared.database.database import Tx
from shared.database.rows import Columns, from_row


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """Something unreadable, and by which way it came: `source`.

    `envelope` is what came around `content` and is needed to read it again. `arrival_key` is that of an event that could be read and yet not be processed.
    """

    quarantine_id: UUID
    source: str
    channel: str
    reason: str
    content: bytes
    envelope: Any
    received_at: datetime
    arrival_key: UUID | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the list; of a record from Kafka with its `origin`."""

    quarantine_id: UUID
    source: str
    channel: str
    reason: str
    size: int
    received_at: datetime
    replayed_at: datetime | None
    contact_id: UUID | None
    origin: Origin | None


class Overflow(msgspec.Struct, frozen=True, kw_only=True):
    """Records of one partition, channel and kind of reason that there was no room for."""

    topic: str
    partition: int
    channel: str
    reason: str
    count: int
    first_offset: int
    last_offset: int
    first_at: datetime
    last_at: datetime


_OVERFLOW = Columns(
    topic="text",
    partition="int",
    channel="text",
    reason="text",
    count="bigint",
    first_offset="bigint",
    last_offset="bigint",
    first_at="timestamptz",
    last_at="timestamptz",
)
_QUARANTINED = Columns(
    quarantine_id="uuid",
    source="text",
    channel="text",
    reason="text",
    content="bytea",
    envelope="jsonb",
    received_at="timestamptz",
    arrival_key="uuid",
)
KEEP = f"""
insert into quarantine
  (quarantine_id, source, channel, reason, content, envelope, received_at, arrival_key)
select quarantine_id, source, channel, reason, content, envelope, received_at, arrival_key
from {_QUARANTINED.source} on conflict do nothing returning channel
"""  # noqa: S608 - the source is made of our own column names
ENTRIES = """
select quarantine_id, source, channel, reason, octet_length(content) as size, received_at,
  replayed_at, contact_id, envelope->'origin' as origin
from quarantine where (received_at, quarantine_id) < (
  select received_at, quarantine_id from quarantine where quarantine_id = $1
  union all select 'infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff' where $1 is null
) order by received_at desc, quarantine_id desc limit $2
"""
ONE = """
select quarantine_id, source, channel, reason, content, envelope, received_at
from quarantine where quarantine_id = $1
"""
WAITING = ONE + " and replayed_at is null for update"
OF_ARRIVAL = """
select quarantine_id from quarantine where arrival_key = $1
order by replayed_at is not null, received_at, quarantine_id limit 1
"""
USED = """
select count(*), coalesce(sum(octet_length(content) + pg_column_size(envelope)), 0)::bigint
from quarantine where source = $1 and replayed_at is null
"""
COUNT = """
select count(*)::int from (select from quarantine where replayed_at is null limit $1) as waiting
"""
OVERFLOWED = f"""
insert into quarantine_overflow as there (topic, partition, channel, reason, count,
  first_offset, last_offset, first_at, last_at)
select topic, partition, channel, reason, sum(count), min(first_offset), max(last_offset),
  min(first_at), max(last_at)
from {_OVERFLOW.source} group by 1, 2, 3, 4 order by 1, 2, 3, 4
on conflict (topic, partition, channel, reason) do update set
  count = there.count + excluded.count,
  first_offset = least(there.first_offset, excluded.first_offset),
  last_offset = greatest(there.last_offset, excluded.last_offset),
  first_at = least(there.first_at, excluded.first_at),
  last_at = greatest(there.last_at, excluded.last_at)
"""  # noqa: S608 - the source is made of our own column names
OVERFLOW = "select * from quarantine_overflow order by topic, partition, channel, reason"
REPLAYED = "update quarantine set replayed_at = $2, contact_id = $3 where quarantine_id = $1"


async def keep(tx: Tx, items: Sequence[Quarantined]) -> list[str]:
    """Keep these; gives the channel of each that was not there before."""
    return [row["channel"] for row in await tx.fetch(KEEP, *_QUARANTINED.arrays_of(items))]


async def used(tx: Tx, source: str) -> tuple[int, int]:
    """How many items from a source wait, and how many bytes they take."""
    count, size = await tx.fetchrow(USED, source) or (0, 0)
    return count, size


async def count(tx: Tx, max_count: int) -> int:
    """How many items wait, from wherever they came, up to this many."""
    return int(await tx.fetchval(COUNT, max_count))


async def overflowed(tx: Tx, items: Sequence[Overflow]) -> None:
    """Count what there was no room for."""
    await tx.execute(OVERFLOWED, *_OVERFLOW.arrays_of(items))


async def overflow(tx: Tx) -> list[Overflow]:
    """All that there was no room for."""
    return [from_row(row, Overflow) for row in await tx.fetch(OVERFLOW)]


async def entries(tx: Tx, before: UUID | None, limit: int) -> list[Entry]:
    """The list, newest first, from `before` on."""
    return [from_row(row, Entry) for row in await tx.fetch(ENTRIES, before, limit)]


async def one(tx: Tx, quarantine_id: UUID) -> Quarantined | None:
    """One of them, with its bytes."""
    return _one(await tx.fetchrow(ONE, quarantine_id))


async def waiting(tx: Tx, quarantine_id: UUID) -> Quarantined | None:
    """The same if it was not replayed, locked until `tx` ends."""
    return _one(await tx.fetchrow(WAITING, quarantine_id))


async def of_arrival(tx: Tx, arrival_key: UUID) -> UUID | None:
    """What is kept of an arrival; of several, the oldest that still waits."""
    found: UUID | None = await tx.fetchval(OF_ARRIVAL, arrival_key)
    return found


async def replayed(tx: Tx, quarantine_id: UUID, contact_id: UUID, at: datetime) -> None:
    """It became part of a contact."""
    await tx.execute(REPLAYED, quarantine_id, at, contact_id)


def _one(row: Any) -> Quarantined | None:
    return from_row(row, Quarantined) if row else None
