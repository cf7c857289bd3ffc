"""The periodic jobs of a worker: in the table, what each does and when it is due again."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from services.followup.adapters.db import check_ins
from services.followup.application.commands.ask_due import AskDue
from services.followup.application.commands.close_due import CloseDue
from services.followup.application.due import ASK, CLOSE, MAX_WAIT
from shared.database.database import Database, Tx
from shared.jobs.periodic import PeriodicJob
from shared.jobs.signals import Signals
from shared.kernel.clock import Clock
from shared.messaging.outbox.use_case import Result, execute

MIN_WAIT = timedelta(milliseconds=50)
"""What is due and still there is in another worker's hands: look again, but do not spin."""


class Job(NamedTuple):
    """One row: the signal that wakes it, what it does with a batch, and when there is more to do."""

    signal: str
    command: Callable[[Tx, int], Awaitable[Result[int]]]
    next_due: Callable[[Tx], Awaitable[datetime | None]]


def jobs(ask_due: AskDue, close_due: CloseDue) -> dict[str, Job]:
    """The table, by name. Any number of workers may run them: each takes what no other holds."""
    return {
        "ask": Job(ASK, ask_due, check_ins.next_due),  # the customers whose time has come
        "close": Job(CLOSE, close_due, check_ins.next_closing),  # what was left in silence
    }


def periodic_jobs(
    table: Mapping[str, Job], database: Database, signals: Signals, clock: Clock, batch: int
) -> dict[str, PeriodicJob]:
    """The jobs as parts of a worker."""
    return {
        name: PeriodicJob(
            name, partial(run, job, database, clock, batch), signals=signals, signal=job.signal
        )
        for name, job in table.items()
    }


async def run(job: Job, database: Database, clock: Clock, batch: int) -> float:
    """Process one batch in a transaction; in how many seconds the next is due, 0 after a full one."""
    if await execute(database, lambda tx: job.command(tx, batch)) == batch:
        return 0.0
    async with database.connection() as tx:
        due_at = await job.next_due(tx)
    wait = due_at - clock.now() if due_at else MAX_WAIT
    return min(max(wait, MIN_WAIT), MAX_WAIT).total_seconds()
