"""Deliveries: what an attempt came to, and when to try again."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import msgspec

from shared.contracts.trace_context import TraceContext
from shared.contracts.values import Channel, MessageKind


class DeliveryState(StrEnum):
    """How far a message to the customer has come; `sent` and `failed` are final."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """When an attempt follows the one that was deferred, and how many there are."""

    first: timedelta
    longest: timedelta
    attempts: int


def retry_delay(attempt: int, retry: RetryPolicy, jitter: float) -> timedelta | None:
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

    label: ClassVar = "delivered"


class Refused(msgspec.Struct, frozen=True):
    """It will not be delivered, and trying again does not help."""

    label: ClassVar = "refused"

    reason: str


class Deferred(msgspec.Struct, frozen=True):
    """It was not delivered this time; `away`: nor would any other message have been."""

    label: ClassVar = "putoff"

    reason: str
    away: bool = False


DeliveryOutcome = Delivered | Refused | Deferred
"""What one attempt came to, as the channel says."""


class OutcomeRow(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt made of a message, column by column: settled, or due again."""

    message_id: UUID
    attempts: int
    state: DeliveryState
    settled_at: datetime | None = None
    reason: str | None = None
    next_attempt_at: datetime | None = None


def outcome_row(
    message_id: UUID,
    attempts: int,
    outcome: DeliveryOutcome,
    *,
    now: datetime,
    retry: RetryPolicy,
    jitter: float,
) -> OutcomeRow:
    """What becomes of a message after its `attempts`-th attempt."""
    if isinstance(outcome, Delivered):
        return OutcomeRow(
            message_id=message_id, attempts=attempts, state=DeliveryState.SENT, settled_at=now
        )
    wait = retry_delay(attempts, retry, jitter) if isinstance(outcome, Deferred) else None
    if wait is not None:
        return OutcomeRow(
            message_id=message_id,
            attempts=attempts,
            state=DeliveryState.QUEUED,
            next_attempt_at=now + wait,
        )
    return OutcomeRow(
        message_id=message_id,
        attempts=attempts,
        state=DeliveryState.FAILED,
        settled_at=now,
        reason=outcome.reason,
    )


class LeasedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is ours to deliver until the lease ends; `attempts` counts this attempt.

    `address` is that of a contact point which the channel reaches; `in_reply_to` is the newest mail of
    the customer in this contact.
    """

    message_id: UUID
    contact_id: UUID
    kind: MessageKind
    channel: Channel
    address: str
    subject: str
    text: str
    language: str
    attempts: int
    automatic: bool
    in_reply_to: str | None
    trace: TraceContext | None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A message to a customer, column by column; `failed` from the start where nothing reaches them."""

    message_id: UUID
    contact_id: UUID
    kind: MessageKind
    channel: Channel | None
    contact_point_id: UUID | None
    subject: str
    text: str
    automatic: bool
    written_at: datetime
    state: DeliveryState
    reason: str | None
    trace: TraceContext | None
