"""What analytics consumes: every event about a contact, and what each makes known.

The topics about customers, agents and queues change no figure, and what is not read cannot leak. They
are compacted, so a figure that needs them one day can still be filled from all of them.
"""

from services.analytics.application.handlers.facts import FactHandler
from services.analytics.application.rebuilding import Consumed
from services.analytics.domain.facts import Fact
from services.analytics.domain.projections import followup, intake, routing
from shared.contracts import topics
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
from shared.contracts.topics import ANALYTICS
from shared.kernel.clock import Clock, SystemClock
from shared.messaging.consumer.handlers import Handlers, handlers, on
from shared.messaging.consumer.subscription import Subscription
from shared.settings import KafkaSettings

TOPICS = (topics.CONTACTS, topics.ASSIGNMENTS, topics.FOLLOWUPS, topics.DELIVERIES)
HANDLERS: Handlers[Fact, None] = handlers(
    on(ContactReceived, intake.contact_received),  # when, where, and what was promised
    on(PromiseSettled, intake.promise_settled),  # whether the promise was kept
    on(MessageSent, intake.message_sent),  # a reply that reached its provider
    on(MessageFailed, intake.message_failed),  # a reply that did not
    on(ContactQueued, routing.contact_queued),  # into which queue, with which target
    on(AssignmentStarted, routing.assignment_started),  # the wait is over
    on(AssignmentEnded, routing.assignment_ended),  # solved, passed on or escalated
    on(MessageRequested, routing.message_requested),  # a reply that is to be delivered
    on(ResolutionClaimed, routing.resolution_claimed),  # an agent calls it resolved
    on(ActionTaken, routing.action_taken),  # authority that was spent
    on(ActionRefused, routing.action_refused),  # authority that was too small
    on(ResolutionConfirmed, followup.resolution_confirmed),  # the customer agrees
    on(ResolutionRefuted, followup.resolution_refuted),  # the customer does not
    on(ResolutionUnrefuted, followup.resolution_unrefuted),  # the customer kept silent
    on(CheckInScheduled, followup.check_in_scheduled),  # the customer will be asked
    on(CheckInSent, followup.check_in_sent),  # the customer was asked
    on(CheckInSkipped, followup.check_in_skipped),  # why the customer was not asked
    on(CheckInAnswered, followup.check_in_answered),  # the customer's score
)
"""All of these events are about a contact."""
GATHER_MS = 250
"""Nobody reads a figure within a quarter of a second of the event that moves it."""


def subscriptions(clock: Clock) -> tuple[Subscription, ...]:
    """One subscription for all of them."""
    handle, wanted = FactHandler(HANDLERS, clock), frozenset(HANDLERS)
    return (Subscription(topics=TOPICS, wanted=wanted, handle=handle, gather_ms=GATHER_MS),)


def consumed(kafka: KafkaSettings) -> Consumed:
    """What a replay or a rebuild consumes again: that of the one subscription."""
    [subscription] = subscriptions(SystemClock())
    names = [topic.name for topic in subscription.topics]
    return Consumed(kafka, subscription.group(ANALYTICS), names)
