"""SQL of promises: those that are open, those that are due, and how they ended."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from shared.contracts.intake import PromiseOutcome
from shared.contracts.trace_context import TraceContext
from shared.database.database import Tx
from shared.database.rows import Columns, from_row


class OpenPromise(msgspec.Struct, frozen=True, kw_only=True):
    """A promise that nothing has become of yet."""

    promise_id: UUID
    contact_id: UUID
    made_at: datetime
    due_at: datetime
    trace: TraceContext | None


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a promise."""

    promise_id: UUID
    outcome: PromiseOutcome
    settled_at: datetime


_SETTLEMENT = Columns(promise_id="uuid", outcome="text", settled_at="timestamptz")

OF_CONTACTS = """
select promise_id, contact_id, made_at, due_at, trace from promise
where contact_id = any($1::uuid[]) and outcome is null order by promise_id for update
"""
DUE = """
select promise_id, contact_id, made_at, due_at, trace from promise
where outcome is null and due_at < $1 order by due_at limit $2 for update skip locked
"""
SETTLE = f"""
update promise set outcome = given.outcome, settled_at = given.settled_at
from {_SETTLEMENT.source} where promise.promise_id = given.promise_id and promise.outcome is null
"""  # noqa: S608 - the source is made of our own column names
AT_RISK = """
select count(*) from promise where outcome is null and due_at - $1 < (due_at - made_at) / 5
"""
NEXT_DUE = "select min(due_at) from promise where outcome is null"


async def of_contacts(tx: Tx, contact_ids: Sequence[UUID]) -> list[OpenPromise]:
    """The open promises of these contacts, locked until `tx` ends."""
    return [from_row(row, OpenPromise) for row in await tx.fetch(OF_CONTACTS, contact_ids)]


async def due(tx: Tx, now: datetime, limit: int) -> list[OpenPromise]:
    """Open promises whose time is over, locked; those that somebody else holds are left to them."""
    return [from_row(row, OpenPromise) for row in await tx.fetch(DUE, now, limit)]


async def settle(tx: Tx, settlements: Sequence[Settlement]) -> None:
    """Write down what became of them."""
    await tx.execute(SETTLE, *_SETTLEMENT.arrays_of(settlements))


async def at_risk(tx: Tx, now: datetime) -> int:
    """How many open promises have less than a fifth of their time left."""
    return int(await tx.fetchval(AT_RISK, now))


async def next_due(tx: Tx) -> datetime | None:
    """When the next promise is due; None if none is open."""
    moment: datetime | None = await tx.fetchval(NEXT_DUE)
    return moment
