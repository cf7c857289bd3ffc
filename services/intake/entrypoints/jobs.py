"""Every periodic job of the worker. Any number of processes may run them at once.

Delivery is no periodic job: it runs all the time, with a process of its own (`application/delivery.py`).
"""

from datetime import timedelta
from typing import NamedTuple

from services.intake.adapters.db import promises
from services.intake.application.commands.expire_contacts import expire_contacts, watch_expiry
from services.intake.application.commands.settle_promises import break_due
from services.intake.application.commands.watch_promises import watch_promises
from services.intake.application.commands.watch_queues import watch_queues
from services.intake.application.orphan_sweep import OrphanSweep
from shared.database.database import Database
from shared.jobs.periodic import Job, seconds_until
from shared.kernel.clock import Clock
from shared.messaging.consumer.subscription import Admit
from shared.messaging.outbox.use_case import execute

WATCH_SECONDS = 2.0
QUEUES_SECONDS = 10.0
SHORTEST_SECONDS = 0.05
STEP_SECONDS = 1.0
SWEEP_SECONDS = 6 * 3_600.0
EXPIRY_SECONDS = 5.0
MAX_EXPIRED = 300
"""Contacts that one transaction looks at."""


class Context(NamedTuple):
    """What the jobs work with. No promise is due sooner than `longest_sleep` after it was made.

    `admit` raises `Unavailable` while too much waits to be published.
    """

    database: Database
    clock: Clock
    batch: int
    longest_sleep: timedelta
    orphans: OrphanSweep
    keep_contacts: timedelta
    admit: Admit


async def break_promises(context: Context) -> float:
    """Settle promises whose time is over; at once again after a full batch, else when the next is due."""
    now = context.clock.now()
    broken = await execute(context.database, lambda tx: break_due(tx, now, context.batch))
    if broken == context.batch:
        return 0
    async with context.database.connection() as tx:
        next_due = await promises.next_due(tx)
    longest = context.longest_sleep.total_seconds()
    return seconds_until(next_due, now, shortest=SHORTEST_SECONDS, longest=longest)


async def show_promises_at_risk(context: Context) -> float:
    """Show operators which promises are about to be broken."""
    now = context.clock.now()
    await execute(context.database, lambda tx: watch_promises(tx, now))
    return WATCH_SECONDS


async def delete_orphans(context: Context) -> float:
    """Look through the attachments a page at a time, and again some hours after the last page."""
    return STEP_SECONDS if await context.orphans.step() else SWEEP_SECONDS


async def delete_expired_contacts(context: Context) -> float:
    """Delete contacts to which nothing has happened for long; at once again after a full batch.

    None while too much waits to be published: customers who write come first.
    """
    context.admit()
    now, period = context.clock.now(), context.keep_contacts
    looked_at = await execute(
        context.database, lambda tx: expire_contacts(tx, now, period, MAX_EXPIRED)
    )
    return 0 if looked_at == MAX_EXPIRED else EXPIRY_SECONDS


async def show_expiry(context: Context) -> float:
    """Show operators whether contacts expire, whatever becomes of the job that deletes them."""
    now = context.clock.now()
    await execute(context.database, lambda tx: watch_expiry(tx, now))
    return QUEUES_SECONDS


async def show_what_waits(context: Context) -> float:
    """Show operators what is not delivered yet, and what waits in quarantine."""
    now = context.clock.now()
    await execute(context.database, lambda tx: watch_queues(tx, now))
    return QUEUES_SECONDS


JOBS = {
    "promises": Job(break_promises),  # what was promised and not kept in time
    "promise-watch": Job(show_promises_at_risk),  # what is about to be broken
    "orphans": Job(delete_orphans),  # attachments whose contact did not come to be, or has expired
    "expiry": Job(delete_expired_contacts),  # contacts to which nothing has happened for long
    "expiry-watch": Job(show_expiry),  # whether they are deleted
    "queue-watch": Job(show_what_waits),  # what is not delivered, or was not read
}
