"""SQL of the quarantine: what could not be read, as it came, until it can be."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.intake.adapters.rows import Rows
from shared.database.database import Tx


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """Something unreadable; `envelope` is what came around `content` and is needed to read it again.

    `arrival_key` is that of an event that could be read and yet not be taken.
    """

    quarantine_id: UUID
    door: str
    channel: str
    reason: str
    content: bytes
    envelope: Any
    received_at: datetime
    arrival_key: UUID | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the list."""

    quarantine_id: UUID
    door: str
    channel: str
    reason: str
    size: int
    received_at: datetime
    replayed_at: datetime | None
    contact_id: UUID | None


_ROWS = Rows(
    Quarantined,
    quarantine_id="uuid",
    door="text",
    channel="text",
    reason="text",
    content="bytea",
    envelope="jsonb",
    received_at="timestamptz",
    arrival_key="uuid",
)
KEEP = f"""
insert into quarantine
  (quarantine_id, door, channel, reason, content, envelope, received_at, arrival_key)
select quarantine_id, door, channel, reason, content, envelope, received_at, arrival_key
from {_ROWS.source} on conflict do nothing returning channel
"""  # noqa: S608 - the source is made of our own column names
ENTRIES = """
select quarantine_id, door, channel, reason, octet_length(content) as size, received_at,
  replayed_at, contact_id
from quarantine where $1::uuid is null or (received_at, quarantine_id) < (
  select received_at, quarantine_id from quarantine where quarantine_id = $1
) order by received_at desc, quarantine_id desc limit $2
"""
ONE = """
select quarantine_id, door, channel, reason, content, envelope, received_at
from quarantine where quarantine_id = $1
"""
WAITING = ONE + " and replayed_at is null for update"
OF_ARRIVAL = """
select quarantine_id from quarantine where arrival_key = $1
order by replayed_at is not null, received_at, quarantine_id limit 1
"""
REPLAYED = "update quarantine set replayed_at = $2, contact_id = $3 where quarantine_id = $1"


async def keep(tx: Tx, items: Sequence[Quarantined]) -> list[str]:
    """Keep these; gives the channel of each that was not there before."""
    return [row["channel"] for row in await tx.fetch(KEEP, *_ROWS.of(items))]


async def entries(tx: Tx, before: UUID | None, limit: int) -> list[Entry]:
    """The list, newest first, from `before` on."""
    return [Entry(**dict(row)) for row in await tx.fetch(ENTRIES, before, limit)]


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
    return Quarantined(**dict(row)) if row else None
