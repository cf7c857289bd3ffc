"""What each event of routing makes known of its contact."""

from uuid import UUID

from services.analytics.domain.facts import NOTHING, Action, Claim, Ending, Fact, Queued
from services.analytics.domain.projections.projection import projection
from shared.contracts.routing import (
    ActionRefused,
    ActionTaken,
    AssignmentEnded,
    AssignmentStarted,
    ContactQueued,
    MessageRequested,
    ResolutionClaimed,
)
from shared.contracts.values import MessageKind


@projection
def contact_queued(event: ContactQueued, _: UUID) -> Fact:
    """One entry into a queue."""
    target = event.service_target_seconds
    entry = Queued(event.queued_at, event.queue_id, event.reason.value, target)
    return Fact(queued=frozenset({entry}))


@projection
def assignment_started(event: AssignmentStarted, _: UUID) -> Fact:
    """When an agent took the contact."""
    return Fact(assigned={event.assignment_id: event.started_at})


@projection
def assignment_ended(event: AssignmentEnded, _: UUID) -> Fact:
    """How an agent left the contact."""
    return Fact(ended={event.assignment_id: Ending(event.ended_at, event.outcome.value)})


@projection
def message_requested(event: MessageRequested, _: UUID) -> Fact:
    """A reply that an agent wrote."""
    is_reply = event.kind is MessageKind.REPLY
    return Fact(replies=frozenset({event.message_id})) if is_reply else NOTHING


@projection
def resolution_claimed(event: ResolutionClaimed, _: UUID) -> Fact:
    """What an agent calls resolved."""
    claim = Claim(event.claimed_at, event.number, event.assignments)
    return Fact(claims={event.resolution_id: claim})


@projection
def action_taken(event: ActionTaken, _: UUID) -> Fact:
    """Authority that was spent."""
    action = Action(event.kind.value, event.currency, event.amount, event.limit)
    return Fact(actions={event.action_id: action})


@projection
def action_refused(_: ActionRefused, event_id: UUID) -> Fact:
    """Authority that was asked for and not allowed; it has no id but that of its event."""
    return Fact(refusals=frozenset({event_id}))
