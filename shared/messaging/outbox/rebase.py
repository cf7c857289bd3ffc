"""Give the outbox transaction ids of this cluster, after a restore: order is kept, and nothing is passed over."""

import argparse
import asyncio
import sys
from typing import NamedTuple

from shared.database.database import Database, Tx
from shared.jobs.lease import LIFE_SECONDS, Lease
from shared.kernel.errors import Conflict
from shared.messaging.outbox.cluster import REMEMBER, is_known
from shared.messaging.outbox.cursor import BEGIN
from shared.messaging.outbox.relay import LEASE
from shared.settings import HasDatabase

TRIES, PAUSE_SECONDS = 2 * int(LIFE_SECONDS) + 2, 0.5
"""A lease that was restored ends by itself, and a relay that refuses holds one for a moment only."""
REWRITE_SECONDS = 3_600.0

# As `append` takes them, so that nobody waits in a circle. Whoever has appended and not committed is waited for.
LOCK = "lock table stream, outbox, relay_cursor, held_topic in exclusive mode"
# Positions rise with `seq` for each aggregate, as they are given under the lock of its row in `stream`.
# So all that waits may have one id: that of this transaction. All that was published goes before it.
ROWS = """
with went as (select unnest(positions) as position from published)
update outbox set xid = case
  when (outbox.xid, outbox.position) <= (here.xid, here.position)
    and outbox.position in (select position from went) then '1'::xid8
  else pg_current_xact_id() end
from relay_cursor as here where here.id = 1
"""
# What a transaction that is open since before appends later comes behind what waits of its aggregate.
STREAMS = """
update stream set xid = pg_current_xact_id()
where xid > pg_current_xact_id() or subject in (
  select convert_from(key, 'UTF8') from outbox where type is not null and xid = pg_current_xact_id()
)
"""
CURSOR = """
update relay_cursor set xid = '1', position = coalesce((select max(position) from outbox where xid = '1'), 0),
  deleted_xid = '0', deleted_position = 0
where id = 1
"""
# What a topic that takes nothing has before its own cursor was published, all else of it waits.
HELD = """
update held_topic set (xid, position) = (select xid, position from relay_cursor where id = 1)
"""
COUNT = """
select count(*) filter (where xid = '1') as published, count(*) filter (where xid <> '1') as waiting from outbox
"""
REBASING = """\
After a dump was restored into another cluster: give the outbox that cluster's transaction ids, so that its
events are published in their order and none is passed over. Doing it twice is harmless. Some may be
published a second time, under the ids they had, so nothing has a second effect. docs/operate/restore.md has the whole procedure."""


class Rebased(NamedTuple):
    """How many events of the outbox are published, and how many wait to be."""

    published: int
    waiting: int


async def rebase(database: Database) -> Rebased | None:
    """Rewrite the ids in one transaction; None if they are this cluster's already.

    Api and consumers may run: they wait. Raises `Conflict` while a relay publishes, `Unavailable`.
    """
    async with database.connection() as connection:
        if await is_known(connection):
            return None
    lease = Lease(database, LEASE)
    await _take(lease)
    async with lease.kept(), database.transaction() as tx:
        return await _rewrite(tx)


async def _take(lease: Lease) -> None:
    for _ in range(TRIES):
        if await lease.take():
            return
        await asyncio.sleep(PAUSE_SECONDS)
    raise Conflict("a relay publishes: stop every worker that has this part")


async def _rewrite(tx: Tx) -> Rebased:
    await tx.execute("set local statement_timeout = 0")
    for statement in (BEGIN, LOCK, ROWS, STREAMS, CURSOR, HELD, REMEMBER):
        await tx.execute(statement, timeout=REWRITE_SECONDS)
    row = await tx.fetchrow(COUNT, timeout=REWRITE_SECONDS)
    return Rebased(row["published"], row["waiting"]) if row else Rebased(0, 0)


def rebase_options(parser: argparse.ArgumentParser) -> None:
    """What the command can be told: nothing."""
    parser.description = REBASING


async def rebase_command(service: str, settings: HasDatabase, _: argparse.Namespace) -> int:
    """Rebase the service's outbox, and say what became of it."""
    async with Database.opened(settings.database, service=service) as database:
        done = await rebase(database)
    nothing = "Nothing to do: the outbox has the transaction ids of this cluster."
    sys.stdout.write(
        f"{done.waiting} events wait to be published, {done.published} were.\n"
        if done
        else f"{nothing}\n"
    )
    return 0
