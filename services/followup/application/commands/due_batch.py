"""What asking and closing have in common: a batch of due questions becomes what was decided."""

from collections.abc import Sequence
from datetime import datetime

from services.followup.adapters.db import check_ins
from services.followup.application.next_due import next_step, notify_due
from services.followup.application.outcomes import count_outcomes
from services.followup.domain.check_ins.model import CheckIn, Question
from shared.contracts.cloudevents import Outgoing
from shared.contracts.decision import Decision
from shared.database.database import Tx, once_committed
from shared.messaging.outbox.use_case import Result
from shared.observability import metrics, span_names
from shared.observability.tracing import batch_spans


async def save_batch(
    tx: Tx,
    timer: str,
    due: Sequence[Question],
    decisions: Sequence[Decision[CheckIn]],
    now: datetime,
) -> Result[int]:
    """Write what was decided about each; returns how many, each event in its contact's own trace."""
    begun = [question.contact.trace for question in due]
    with batch_spans(
        span_names.TIMER, span_names.ACT, begun, timer=timer, count=len(due)
    ) as traces:
        saved = [decision.state for decision in decisions]
        await check_ins.save(tx, saved)
        await notify_due(tx, saved, now)
    events = [
        Outgoing(event, trace=trace)
        for decision, trace in zip(decisions, traces, strict=True)
        for event in decision.events
    ]
    _measure_lateness(timer, due, now)
    count_outcomes(events)
    return Result(len(due), events)


def _measure_lateness(timer: str, due: Sequence[Question], now: datetime) -> None:
    late = metrics.timer_lateness.labels(timer=timer)
    for question in due:
        if step := next_step(question.check_in):
            once_committed(late.observe, (now - step[1]).total_seconds())
