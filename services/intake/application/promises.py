"""Promises end once: by our first reply, or by their time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.intake.adapters import store_promise
from services.intake.adapters.store_promise import OpenPromise, Settlement
from services.intake.domain.promise import settled
from shared.contracts.cloudevents import Outgoing
from shared.contracts.intake import PromiseOutcome, PromiseSettled
from shared.database.database import Tx, once_committed
from shared.observability import metrics, names, tracing


async def answered(tx: Tx, replies: Mapping[UUID, datetime]) -> list[Outgoing]:
    """Settle the promises of contacts we replied to (contact → when); gives what is to be said."""
    promises = await store_promise.of_contacts(tx, list(replies))
    ends = [_answered(promise, replies[promise.contact_id]) for promise in promises]
    return await _settle(tx, promises, ends)


async def break_due(tx: Tx, now: datetime, limit: int) -> list[Outgoing]:
    """Settle up to `limit` promises whose time is over as broken; gives what is to be said."""
    promises = await store_promise.due(tx, now, limit)
    ends = [
        Settlement(promise_id=each.promise_id, outcome=PromiseOutcome.BROKEN, settled_at=now)
        for each in promises
    ]
    traces = [each.trace for each in promises]
    with tracing.batch_spans(names.TIMER, names.ACT, traces, timer="promise", count=len(ends)):
        said = await _settle(tx, promises, ends)
    late = metrics.timer_lateness.labels("promise")
    for each in promises:
        once_committed(late.observe, (now - each.due_at).total_seconds())
    return said


async def _settle(
    tx: Tx, promises: Sequence[OpenPromise], ends: Sequence[Settlement]
) -> list[Outgoing]:
    if not promises:
        return []
    await store_promise.settle(tx, ends)
    for end in ends:
        once_committed(metrics.promises_settled.labels(end.outcome).inc)
    return [_said(promise, end) for promise, end in zip(promises, ends, strict=True)]


def _answered(promise: OpenPromise, at: datetime) -> Settlement:
    outcome = settled(promise.made_at, promise.due_at, at)
    return Settlement(promise_id=promise.promise_id, outcome=outcome, settled_at=at)


def _said(promise: OpenPromise, end: Settlement) -> Outgoing:
    event = PromiseSettled(
        contact_id=promise.contact_id,
        promise_id=promise.promise_id,
        outcome=end.outcome,
        due_at=promise.due_at,
        settled_at=end.settled_at,
    )
    return Outgoing(event, trace=promise.trace)
