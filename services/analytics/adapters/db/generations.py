"""Generations of sums: which is read, which is being made, and who may change that.

Who counts events shares a lock until the transaction ends, and who moves a recount on holds it alone. So
an event either finds its contact counted already, or is committed before the recount comes to it.
"""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from services.analytics.domain.generations import Generations, Next, Source
from shared.database.database import Tx

CURRENT: Final = "(select coalesce(max(number), 0) from generation where completed_at is not null)"
"""In a statement: the number of the generation that is read."""

SHARE = "select pg_advisory_xact_lock_shared(hashtext('generation'))"
HOLD = "select pg_advisory_xact_lock(hashtext('generation'))"
ALL = f"""
select complete.current, next.number, next.source, next.measures, next.passed, next.contacts,
  next.consumed_since
from {CURRENT} as complete (current) left join generation as next on next.completed_at is null
"""  # noqa: S608 - it is ours
BEGIN = "insert into generation (source, measures) values ($1, $2)"
COUNTED = "update generation set passed = $2, contacts = contacts + $3 where number = $1"
CONSUME = "update generation set consumed_since = clock_timestamp() where number = $1"
COMPLETE = "update generation set completed_at = clock_timestamp() where number = $1"
REMOVE = "delete from generation where number = $1"


async def share(tx: Tx) -> Generations:
    """Those that stay as they are until `tx` ends."""
    await tx.execute(SHARE)
    return await read(tx)


async def hold(tx: Tx) -> Generations:
    """Those that `tx` alone may change; everybody who counts waits until it ends."""
    await tx.execute(HOLD)
    return await read(tx)


async def read(tx: Tx) -> Generations:
    """Those that there are now."""
    [(current, number, source, measures, *come_to)] = await tx.fetch(ALL)
    if number is None:
        return Generations(current, None)
    return Generations(current, Next(number, Source(source), frozenset(measures), *come_to))


async def begin(tx: Tx, source: Source, measures: Collection[str]) -> None:
    """Begin the next one; there must be none. Its number has never been another's."""
    await tx.execute(BEGIN, source, sorted(measures))


async def pass_contacts(tx: Tx, number: int, last: UUID, count: int) -> None:
    """So many more contacts, up to the last, are counted in it."""
    await tx.execute(COUNTED, number, last, count)


async def consume(tx: Tx, number: int) -> None:
    """From now on the topics are consumed again for it."""
    await tx.execute(CONSUME, number)


async def complete(tx: Tx, number: int) -> None:
    """From now on it is the one that is read."""
    await tx.execute(COMPLETE, number)


async def remove(tx: Tx, number: int) -> None:
    """Nothing counts in it any more."""
    await tx.execute(REMOVE, number)
