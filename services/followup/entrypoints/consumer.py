"""Which events followup consumes, and what is decided when one comes: one table for each aggregate they change."""

from services.followup.application.handlers.contacts import ContactHandler
from services.followup.application.handlers.customers import customer_handler
from services.followup.domain.check_ins.decisions import (
    contact_expired,
    contact_queued,
    contact_received,
    contact_reviewed,
    message_failed,
    resolution_claimed,
)
from services.followup.domain.check_ins.policy import Policy
from services.followup.domain.customer import customer_identified
from shared.contracts import topics
from shared.contracts.intake import (
    ContactExpired,
    ContactReceived,
    CustomerIdentified,
    MessageFailed,
)
from shared.contracts.routing import ContactQueued, ContactReviewed, ResolutionClaimed
from shared.kernel.clock import Clock
from shared.messaging.consumer.handlers import handlers, on, process_each, types_in
from shared.messaging.consumer.subscription import Subscription

TOPICS = (topics.CUSTOMERS, topics.CONTACTS, topics.ASSIGNMENTS)
CONTACT_HANDLERS = handlers(
    on(ContactReceived, contact_received),  # language, time zone, whether there is anybody to ask
    on(ResolutionClaimed, resolution_claimed),  # something to check
    on(ContactQueued, contact_queued),  # reopened, or the customer wrote again
    on(ContactReviewed, contact_reviewed),  # what an agent says of that
    on(MessageFailed, message_failed),  # our question did not arrive
    on(ContactExpired, contact_expired),  # intake has deleted it: nothing of it stays
)
CUSTOMER_HANDLERS = handlers(
    on(CustomerIdentified, customer_identified),  # what the customer is called
)
HANDLERS = (CUSTOMER_HANDLERS, CONTACT_HANDLERS)
GATHER_MS = 250
"""What is scheduled here is due in minutes at the earliest."""


def subscriptions(policy: Policy, clock: Clock) -> tuple[Subscription, ...]:
    """One subscription for all of it."""
    handle = process_each(
        (CUSTOMER_HANDLERS, customer_handler(CUSTOMER_HANDLERS)),
        (CONTACT_HANDLERS, ContactHandler(CONTACT_HANDLERS, policy, clock)),
    )
    wanted = types_in(*HANDLERS)
    return (Subscription(topics=TOPICS, wanted=wanted, handle=handle, gather_ms=GATHER_MS),)
