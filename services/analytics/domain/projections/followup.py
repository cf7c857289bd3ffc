"""What each event of followup makes known of its contact."""

from uuid import UUID

from services.analytics.domain.facts import (
    CONFIRMED,
    REFUTED,
    UNREFUTED,
    Answer,
    Ending,
    Fact,
)
from services.analytics.domain.projections.projection import projection
from shared.contracts.followup import (
    CheckInAnswered,
    CheckInScheduled,
    CheckInSent,
    CheckInSkipped,
    ResolutionConfirmed,
    ResolutionRefuted,
    ResolutionUnrefuted,
)


@projection
def resolution_confirmed(event: ResolutionConfirmed, _: UUID) -> Fact:
    """The customer said yes."""
    return Fact(resolutions={event.resolution_id: Ending(event.settled_at, CONFIRMED)})


@projection
def resolution_refuted(event: ResolutionRefuted, _: UUID) -> Fact:
    """The customer said no."""
    return Fact(resolutions={event.resolution_id: Ending(event.settled_at, REFUTED)})


@projection
def resolution_unrefuted(event: ResolutionUnrefuted, _: UUID) -> Fact:
    """The customer said nothing in time."""
    return Fact(resolutions={event.resolution_id: Ending(event.settled_at, UNREFUTED)})


@projection
def check_in_scheduled(event: CheckInScheduled, _: UUID) -> Fact:
    """That the customer will be asked."""
    return Fact(scheduled=frozenset({event.resolution_id}))


@projection
def check_in_sent(event: CheckInSent, _: UUID) -> Fact:
    """That the customer was asked."""
    return Fact(asked=frozenset({event.resolution_id}))


@projection
def check_in_skipped(event: CheckInSkipped, _: UUID) -> Fact:
    """Why the customer was not asked."""
    return Fact(skipped={event.resolution_id: Ending(event.skipped_at, event.reason.value)})


@projection
def check_in_answered(event: CheckInAnswered, _: UUID) -> Fact:
    """What the customer answered."""
    return Fact(answers={event.resolution_id: Answer(event.answered_at, event.csat or 0)})
