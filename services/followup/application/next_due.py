"""When the jobs have to look at a check-in, and how they learn of it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from services.followup.domain.check_ins.model import CheckIn, Scheduled, Sent
from shared.database.database import Tx
from shared.jobs.signals import notify

ASK, CLOSE = "ask", "close"
"""The signals of the two jobs."""
MAX_WAIT = timedelta(seconds=30)
"""A job looks at least so often, so nothing has to wake it for what is due long after that."""


async def notify_due(tx: Tx, check_ins: Iterable[CheckIn], now: datetime) -> None:
    """Wake, when `tx` commits, the jobs that may sleep beyond the time of one of these check-ins.

    With the usual delay of a day nothing is notified. Twice the wait leaves room for the time that
    `tx` still takes to commit.
    """
    soon = now + 2 * MAX_WAIT
    due = (next_step(check_in) for check_in in check_ins)
    await notify(tx, (step[0] for step in due if step and step[1] < soon))


def next_step(check_in: CheckIn) -> tuple[str, datetime] | None:
    """Which job acts on it next, and when; None if none does."""
    match check_in.state:
        case _ if check_in.aftermath.word_owed:
            return None
        case Scheduled(due_at=due_at):
            return ASK, due_at
        case Sent(closes_at=closes_at):
            return CLOSE, closes_at
    return None
