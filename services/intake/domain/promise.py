"""Promises: the time we name, and what becomes of it."""

from datetime import datetime, timedelta

import msgspec

from shared.contracts.intake import PromiseBasis, PromiseOutcome
from shared.contracts.routing import QueueChanged

FRESH = timedelta(minutes=2)
BEATEN_SHARE = 0.25
_MINUTE = timedelta(minutes=1)


class PromiseRule(msgspec.Struct, frozen=True, kw_only=True):
    """What a promise is at least, and what it is where no queue is known."""

    minimum: timedelta
    default_target: timedelta


def promised_time(
    received_at: datetime, queue: QueueChanged | None, rule: PromiseRule
) -> tuple[datetime, PromiseBasis]:
    """When a person replies: by the queue's fresh forecast (p80), else by its target.

    Never sooner than the minimum, and rounded up to the full minute: what we say is what we mean.
    """
    wait, basis = _wait(received_at, queue, rule)
    return _full_minute(received_at + max(wait, rule.minimum)), basis


def settled(made_at: datetime, due_at: datetime, replied_at: datetime) -> PromiseOutcome:
    """Beaten when at least a quarter of the promised span was left, kept when it was not yet over."""
    if replied_at > due_at:
        return PromiseOutcome.BROKEN
    left = (due_at - replied_at) / (due_at - made_at)
    return PromiseOutcome.BEATEN if left >= BEATEN_SHARE else PromiseOutcome.KEPT


def _wait(
    at: datetime, queue: QueueChanged | None, rule: PromiseRule
) -> tuple[timedelta, PromiseBasis]:
    if queue is None:
        return rule.default_target, PromiseBasis.TARGET
    forecast = queue.forecast
    if forecast and at - forecast.as_of < FRESH:
        return timedelta(seconds=forecast.wait_seconds_p80), PromiseBasis.FORECAST
    return timedelta(seconds=queue.service_target_seconds), PromiseBasis.TARGET


def _full_minute(moment: datetime) -> datetime:
    floor = moment.replace(second=0, microsecond=0)
    return floor if floor == moment else floor + _MINUTE
