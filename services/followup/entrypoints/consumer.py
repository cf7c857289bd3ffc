"""What followup listens to: its ears in one table."""

from services.followup.application.hearing import Hearing
from shared.contracts import topics
from shared.contracts.event import Event
from shared.contracts.intake import (
    ContactReceived,
    CustomerIdentified,
    MessageFailed,
)
from shared.contracts.routing import ContactQueued, ContactReviewed, ResolutionClaimed
from shared.messaging.consumer.subscription import Subscription

TOPICS = (topics.CUSTOMERS, topics.CONTACTS, topics.ASSIGNMENTS)
WANTED: frozenset[type[Event]] = frozenset(
    {
        CustomerIdentified,  # what the customer is called
        ContactReceived,  # language, time zone, whether there is anybody to ask
        MessageFailed,  # our question did not arrive
        ContactQueued,  # reopened; or the customer wrote again, and an agent has to read it
        ContactReviewed,  # what the agent says of it
        ResolutionClaimed,  # something to check
    }
)


def subscriptions(hearing: Hearing) -> tuple[Subscription, ...]:
    """One pair of ears for all of it."""
    return (Subscription(topics=TOPICS, wanted=WANTED, handle=hearing),)
