"""Events that followup publishes: check-ins and what became of each claimed resolution."""

from enum import StrEnum
from uuid import UUID

from shared.contracts import topics
from shared.contracts.event import Event, event
from shared.contracts.values import Personal, Score, Slug, Text, Time


class SkippedReason(StrEnum):
    """Why a resolution is not asked about, or no longer: nothing was sent, or it could not arrive."""

    REOPENED = "reopened"
    SUPERSEDED = "superseded"
    AUTOMATIC = "automatic"
    UNDELIVERABLE = "undeliverable"


class AnswerPersonal(Personal, frozen=True, kw_only=True):
    """What the customer wrote about the resolution."""

    comment: Text = ""


@event("rapport.check_in.scheduled.v1", topics.FOLLOWUPS, subject="contact_id")
class CheckInScheduled(Event, frozen=True, kw_only=True):
    """The customer will be asked at `due_at` whether it is really solved."""

    contact_id: UUID
    check_in_id: UUID
    resolution_id: UUID
    due_at: Time


@event("rapport.check_in.skipped.v1", topics.FOLLOWUPS, subject="contact_id")
class CheckInSkipped(Event, frozen=True, kw_only=True):
    """The customer is not asked about this resolution, and why."""

    contact_id: UUID
    check_in_id: UUID
    resolution_id: UUID
    reason: SkippedReason
    skipped_at: Time


@event("rapport.check_in.sent.v1", topics.FOLLOWUPS, subject="contact_id")
class CheckInSent(Event, frozen=True, kw_only=True):
    """The question is on its way; an answer counts until `closes_at`."""

    contact_id: UUID
    check_in_id: UUID
    resolution_id: UUID
    message_id: UUID
    sent_at: Time
    closes_at: Time


@event("rapport.check_in.answered.v1", topics.FOLLOWUPS, subject="contact_id")
class CheckInAnswered(Event, frozen=True, kw_only=True):
    """The customer's own word: solved or not, and how satisfied (1 to 5)."""

    contact_id: UUID
    check_in_id: UUID
    resolution_id: UUID
    agent_id: Slug
    solved: bool
    answered_at: Time
    personal: AnswerPersonal
    csat: Score | None = None


class _ResolutionSettled(Event, frozen=True, kw_only=True):
    contact_id: UUID
    resolution_id: UUID
    agent_id: Slug
    settled_at: Time


@event("rapport.resolution.confirmed.v1", topics.FOLLOWUPS, subject="contact_id")
class ResolutionConfirmed(_ResolutionSettled, frozen=True, kw_only=True):
    """The customer said it is solved."""


@event("rapport.resolution.refuted.v1", topics.FOLLOWUPS, subject="contact_id")
class ResolutionRefuted(_ResolutionSettled, frozen=True, kw_only=True):
    """The customer said it is not solved: the contact reopens with its history and its place."""


@event("rapport.resolution.unrefuted.v1", topics.FOLLOWUPS, subject="contact_id")
class ResolutionUnrefuted(_ResolutionSettled, frozen=True, kw_only=True):
    """The window closed without a word; silence is recorded as silence."""
