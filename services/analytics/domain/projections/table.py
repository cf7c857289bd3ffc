"""The events that are consumed, and what becomes of each: the whole truth in one table."""

from collections.abc import Mapping
from uuid import UUID

from services.analytics.domain.facts import Fact
from services.analytics.domain.projections import followup, intake, routing
from services.analytics.domain.projections.projection import Projection, on
from shared.contracts.event import Event, subject_of
from shared.contracts.followup import (
    CheckInAnswered,
    CheckInScheduled,
    CheckInSent,
    CheckInSkipped,
    ResolutionConfirmed,
    ResolutionRefuted,
    ResolutionUnrefuted,
)
from shared.contracts.intake import ContactReceived, MessageFailed, MessageSent, PromiseSettled
from shared.contracts.routing import (
    ActionRefused,
    ActionTaken,
    AssignmentEnded,
    AssignmentStarted,
    ContactQueued,
    MessageRequested,
    ResolutionClaimed,
)

PROJECTIONS: Mapping[type[Event], Projection] = dict(
    (
        on(ContactReceived, intake.contact_received),
        on(PromiseSettled, intake.promise_settled),
        on(MessageSent, intake.message_sent),
        on(MessageFailed, intake.message_failed),
        on(ContactQueued, routing.contact_queued),
        on(AssignmentStarted, routing.assignment_started),
        on(AssignmentEnded, routing.assignment_ended),
        on(MessageRequested, routing.message_requested),
        on(ResolutionClaimed, routing.resolution_claimed),
        on(ActionTaken, routing.action_taken),
        on(ActionRefused, routing.action_refused),
        on(ResolutionConfirmed, followup.resolution_confirmed),
        on(ResolutionRefuted, followup.resolution_refuted),
        on(ResolutionUnrefuted, followup.resolution_unrefuted),
        on(CheckInScheduled, followup.check_in_scheduled),
        on(CheckInSent, followup.check_in_sent),
        on(CheckInSkipped, followup.check_in_skipped),
        on(CheckInAnswered, followup.check_in_answered),
    )
)
"""An event that is in it is subscribed to; all of them are about a contact."""


def project(fact: Fact, event: Event, event_id: UUID) -> Fact:
    """What is known of a contact after this event. Raises `KeyError` for one that is not consumed."""
    return PROJECTIONS[type(event)](fact, event, event_id)


def contact_of(event: Event) -> UUID:
    """The contact that a consumed event is about."""
    return UUID(subject_of(event))
