"""Deliveries: what a send came to, and when to try again."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from shared.contracts.cloudevents import TraceContext


class DeliveryState(StrEnum):
    """How far a message to the customer has come; `sent` and `failed` are final."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """How patient we are with whoever delivers for us."""

    first: timedelta
    longest: timedelta
    attempts: int


def pause(attempt: int, retry: Retry, jitter: float) -> timedelta | None:
    """How long to wait after the `attempt`-th failure (from 1); None: give up.

    Doubles from `first` to `longest`; `jitter` in 0..1 takes up to a half off, so that what failed
    together does not come back together.
    """
    if attempt >= retry.attempts:
        return None
    doublings = min(attempt - 1, 30)
    wait: timedelta = min(retry.first * (1 << doublings), retry.longest)
    return wait * (1 - jitter / 2)


class Delivered(msgspec.Struct, frozen=True):
    """Whoever delivers for us has taken it over."""


class Refused(msgspec.Struct, frozen=True):
    """It will not be delivered, and trying again does not help."""

    reason: str


class PutOff(msgspec.Struct, frozen=True):
    """It was not delivered this time."""

    reason: str


Result = Delivered | Refused | PutOff


class End(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt ended, column by column: settled, or due again."""

    message_id: UUID
    attempts: int
    state: DeliveryState
    settled_at: datetime | None = None
    reason: str | None = None
    next_attempt_at: datetime | None = None


def end_of(
    message_id: UUID, attempts: int, result: Result, *, now: datetime, retry: Retry, jitter: float
) -> End:
    """What becomes of a message after its `attempts`-th attempt."""
    if isinstance(result, Delivered):
        return End(
            message_id=message_id, attempts=attempts, state=DeliveryState.SENT, settled_at=now
        )
    wait = pause(attempts, retry, jitter) if isinstance(result, PutOff) else None
    if wait is not None:
        return End(
            message_id=message_id,
            attempts=attempts,
            state=DeliveryState.QUEUED,
            next_attempt_at=now + wait,
        )
    return End(
        message_id=message_id,
        attempts=attempts,
        state=DeliveryState.FAILED,
        settled_at=now,
        reason=result.reason,
    )


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A message to a customer, column by column; `failed` from the start where no way leads there."""

    message_id: UUID
    contact_id: UUID
    kind: str
    subject: str
    text: str
    automatic: bool
    written_at: datetime
    state: DeliveryState
    reason: str | None
    trace: TraceContext | None
