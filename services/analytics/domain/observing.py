"""What each event tells about its contact. To hear one more event, register one more function."""

from functools import singledispatch
from uuid import UUID

from services.analytics.domain.facts import (
    CONFIRMED,
    NOTHING,
    REFUTED,
    UNREFUTED,
    Action,
    Answer,
    Claim,
    Ending,
    Fact,
    Queued,
    Received,
)
from shared.contracts.event import Event
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
from shared.contracts.values import MessageKind


@singledispatch
def observe(event: Event, event_id: UUID) -> Fact:
    """The fact that this one event alone makes known; raises `TypeError` for an unheard event."""
    raise TypeError(f"{type(event).__name__} {event_id}")


def heard() -> frozenset[type[Event]]:
    """The events that `observe` understands."""
    return frozenset(kind for kind in observe.registry if issubclass(kind, Event)) - {Event}


@observe.register
def _received(event: ContactReceived, _: UUID) -> Fact:
    promised = frozenset({event.promise.promise_id}) if event.promise else frozenset()
    received = Received(event.received_at, event.channel.value, event.automatic)
    return Fact(received=received, promised=promised)


@observe.register
def _queued(event: ContactQueued, _: UUID) -> Fact:
    target = event.service_target_seconds
    entry = Queued(event.queued_at, event.queue_id, event.reason.value, target)
    return Fact(queued=frozenset({entry}))


@observe.register
def _started(event: AssignmentStarted, _: UUID) -> Fact:
    return Fact(assigned={event.assignment_id: event.started_at})


@observe.register
def _ended(event: AssignmentEnded, _: UUID) -> Fact:
    return Fact(ended={event.assignment_id: Ending(event.ended_at, event.outcome.value)})


@observe.register
def _promise_settled(event: PromiseSettled, _: UUID) -> Fact:
    return Fact(promises={event.promise_id: Ending(event.settled_at, event.outcome.value)})


@observe.register
def _requested(event: MessageRequested, _: UUID) -> Fact:
    is_reply = event.kind is MessageKind.REPLY
    return Fact(replies=frozenset({event.message_id})) if is_reply else NOTHING


@observe.register
def _sent(event: MessageSent, _: UUID) -> Fact:
    is_reply = event.kind is MessageKind.REPLY
    return Fact(replies_sent={event.message_id: event.sent_at}) if is_reply else NOTHING


@observe.register
def _failed(event: MessageFailed, _: UUID) -> Fact:
    is_reply = event.kind is MessageKind.REPLY
    return Fact(replies_failed=frozenset({event.message_id})) if is_reply else NOTHING


@observe.register
def _claimed(event: ResolutionClaimed, _: UUID) -> Fact:
    claim = Claim(event.claimed_at, event.number, event.assignments)
    return Fact(claims={event.resolution_id: claim})


@observe.register
def _confirmed(event: ResolutionConfirmed, _: UUID) -> Fact:
    return Fact(resolutions={event.resolution_id: Ending(event.settled_at, CONFIRMED)})


@observe.register
def _refuted(event: ResolutionRefuted, _: UUID) -> Fact:
    return Fact(resolutions={event.resolution_id: Ending(event.settled_at, REFUTED)})


@observe.register
def _unrefuted(event: ResolutionUnrefuted, _: UUID) -> Fact:
    return Fact(resolutions={event.resolution_id: Ending(event.settled_at, UNREFUTED)})


@observe.register
def _scheduled(event: CheckInScheduled, _: UUID) -> Fact:
    return Fact(scheduled=frozenset({event.resolution_id}))


@observe.register
def _asked(event: CheckInSent, _: UUID) -> Fact:
    return Fact(asked=frozenset({event.resolution_id}))


@observe.register
def _skipped(event: CheckInSkipped, _: UUID) -> Fact:
    return Fact(skipped={event.resolution_id: Ending(event.skipped_at, event.reason.value)})


@observe.register
def _answered(event: CheckInAnswered, _: UUID) -> Fact:
    return Fact(answers={event.resolution_id: Answer(event.answered_at, event.csat or 0)})


@observe.register
def _action(event: ActionTaken, _: UUID) -> Fact:
    action = Action(event.kind.value, event.currency, event.amount, event.limit)
    return Fact(actions={event.action_id: action})


@observe.register
def _refused(_: ActionRefused, event_id: UUID) -> Fact:
    return Fact(refusals=frozenset({event_id}))
