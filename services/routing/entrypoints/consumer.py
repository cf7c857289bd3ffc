"""What routing listens to: its ears in one table."""

from services.routing.application.hear import Hear
from shared.contracts import topics
from shared.contracts.event import Event
from shared.contracts.followup import ResolutionConfirmed, ResolutionRefuted, ResolutionUnrefuted
from shared.contracts.intake import (
    ContactReceived,
    CustomerIdentified,
    MessageFailed,
    MessageReceived,
    MessageSent,
)
from shared.messaging.consumer.subscription import Subscription

TOPICS = (topics.CONTACTS, topics.CUSTOMERS, topics.FOLLOWUPS)
WANTED: frozenset[type[Event]] = frozenset(
    {
        ContactReceived,  # a new need: into its queue
        MessageReceived,  # the customer wrote again: a resolved contact reopens
        MessageSent,  # what became of a reply
        MessageFailed,
        CustomerIdentified,  # what the customer is called
        ResolutionRefuted,  # not solved: back to the same agent if free, else anyone able
        ResolutionConfirmed,  # solved: closed
        ResolutionUnrefuted,  # nothing was heard: closed
    }
)


def subscriptions(hear: Hear) -> tuple[Subscription, ...]:
    """One pair of ears for all of it."""
    return (Subscription(topics=TOPICS, wanted=WANTED, handle=hear),)
