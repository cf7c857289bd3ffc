"""The periodic jobs of a worker: in the table, what each does and when it is due again."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple

from services.followup.adapters.db import check_ins
from services.followup.application.commands.ask_due import AskDue
from services.followup.application.commands.close_due import CloseDue
from services.followup.application.next_due import ASK, CLOSE, MAX_WAIT
from shared.database.database import Database, Tx
from shared.jobs.periodic import Job, seconds_until
from shared.kernel.clock import Clock
from shared.messaging.outbox.use_case import Result, execute

MIN_WAIT_SECONDS = 0.05
"""What is due and still there is in another worker's hands: look again, but do not spin."""


class Context(NamedTuple):
    """What the jobs work with. Any number of workers may run them: each takes what no other holds."""

    database: Database
    clock: Clock
    batch: int
    ask_due: AskDue
    close_due: CloseDue


async def ask(context: Context) -> float:
    """Ask one batch of the customers whose time has come."""
    return await _run(context, context.ask_due, check_ins.next_due)


async def close(context: Context) -> float:
    """Close one batch of the questions that were left in silence."""
    return await _run(context, context.close_due, check_ins.next_closing)


JOBS = {
    "ask": Job(ask, ASK),  # the customers whose time has come
    "close": Job(close, CLOSE),  # what was left in silence
}


async def _run(
    context: Context,
    command: Callable[[Tx, int], Awaitable[Result[int]]],
    next_due: Callable[[Tx], Awaitable[datetime | None]],
) -> float:
    """Process one batch in a transaction; in how many seconds the next is due, 0 after a full one."""
    if await execute(context.database, lambda tx: command(tx, context.batch)) == context.batch:
        return 0.0
    async with context.database.connection() as tx:
        due = await next_due(tx)
    return seconds_until(
        due, context.clock.now(), shortest=MIN_WAIT_SECONDS, longest=MAX_WAIT.total_seconds()
    )
