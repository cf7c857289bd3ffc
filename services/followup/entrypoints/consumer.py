"""Which events followup consumes, and what is decided when one comes: the whole truth in two tables."""

from collections.abc import Sequence

from services.followup.application.handlers.contacts import ContactHandler
from services.followup.application.handlers.customers import CustomerHandler
from services.followup.domain.check_ins.decisions import (
    contact_queued,
    contact_received,
    contact_reviewed,
    message_failed,
    resolution_claimed,
)
from services.followup.domain.check_ins.policy import Policy
from services.followup.domain.customer import customer_identified
from shared.contracts import topics
from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event
from shared.contracts.intake import ContactReceived, CustomerIdentified, MessageFailed
from shared.contracts.routing import ContactQueued, ContactReviewed, ResolutionClaimed
from shared.database.database import Tx
from shared.kernel.clock import Clock
from shared.messaging.consumer.handlers import handlers, on
from shared.messaging.consumer.subscription import Subscription

TOPICS = (topics.CUSTOMERS, topics.CONTACTS, topics.ASSIGNMENTS)
CONTACT_HANDLERS = handlers(
    on(ContactReceived, contact_received),  # language, time zone, whether there is anybody to ask
    on(ResolutionClaimed, resolution_claimed),  # something to check
    on(ContactQueued, contact_queued),  # reopened, or the customer wrote again
    on(ContactReviewed, contact_reviewed),  # what an agent says of that
    on(MessageFailed, message_failed),  # our question did not arrive
)
CUSTOMER_HANDLERS = handlers(
    on(CustomerIdentified, customer_identified),  # what the customer is called
)
WANTED = frozenset((*CONTACT_HANDLERS, *CUSTOMER_HANDLERS))


def subscriptions(policy: Policy, clock: Clock) -> tuple[Subscription, ...]:
    """One subscription for all of it."""
    contacts = ContactHandler(CONTACT_HANDLERS, policy, clock)
    customers = CustomerHandler(CUSTOMER_HANDLERS)

    async def handle(tx: Tx, events: Sequence[Incoming[Event]]) -> list[Outgoing]:
        of_customers = [event for event in events if type(event.data) in CUSTOMER_HANDLERS]
        of_contacts = [event for event in events if type(event.data) in CONTACT_HANDLERS]
        return [*await customers(tx, of_customers), *await contacts(tx, of_contacts)]

    return (Subscription(topics=TOPICS, wanted=WANTED, handle=handle),)
