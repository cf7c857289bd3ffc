"""Promises are settled once: by our first reply, or by their time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.intake.adapters.db import promises
from services.intake.adapters.db.promises import OpenPromise, Settlement
from services.intake.domain.promise import settled
from shared.contracts.cloudevents import Outgoing
from shared.contracts.intake import PromiseOutcome, PromiseSettled
from shared.database.database import Tx, once_committed
from shared.messaging.outbox.use_case import Result
from shared.observability import metrics, span_names, tracing


async def settle_by_replies(tx: Tx, replies: Mapping[UUID, datetime]) -> Result[int]:
    """Settle the promises of contacts we replied to (contact → when); gives how many there were."""
    found = await promises.of_contacts(tx, list(replies))
    return await _settle(tx, found, [_replied(each, replies[each.contact_id]) for each in found])


async def break_due(tx: Tx, now: datetime, limit: int) -> Result[int]:
    """Settle up to `limit` promises whose time is over as broken; gives how many there were."""
    found = await promises.due(tx, now, limit)
    settlements = [
        Settlement(promise_id=each.promise_id, outcome=PromiseOutcome.BROKEN, settled_at=now)
        for each in found
    ]
    traces = [each.trace for each in found]
    with tracing.batch_spans(
        span_names.TIMER, span_names.ACT, traces, timer="promise", count=len(found)
    ):
        result = await _settle(tx, found, settlements)
    late = metrics.timer_lateness.labels("promise")
    for each in found:
        once_committed(late.observe, (now - each.due_at).total_seconds())
    return result


async def _settle(
    tx: Tx, found: Sequence[OpenPromise], settlements: Sequence[Settlement]
) -> Result[int]:
    if not found:
        return Result(0)
    await promises.settle(tx, settlements)
    for each in settlements:
        once_committed(metrics.promises_settled.labels(each.outcome).inc)
    return Result(
        len(found),
        [_event(promise, each) for promise, each in zip(found, settlements, strict=True)],
    )


def _replied(promise: OpenPromise, at: datetime) -> Settlement:
    outcome = settled(promise.made_at, promise.due_at, at)
    return Settlement(promise_id=promise.promise_id, outcome=outcome, settled_at=at)


def _event(promise: OpenPromise, settlement: Settlement) -> Outgoing:
    event = PromiseSettled(
        contact_id=promise.contact_id,
        promise_id=promise.promise_id,
        outcome=settlement.outcome,
        due_at=promise.due_at,
        settled_at=settlement.settled_at,
    )
    return Outgoing(event, trace=promise.trace)
