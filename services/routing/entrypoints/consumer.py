"""Which events routing consumes, and what is decided when one comes: one table for each aggregate they change."""

from services.routing.application.handlers.contacts import ContactHandler
from services.routing.application.handlers.customers import customer_handler
from services.routing.application.handlers.history import message_handler, resolution_handler
from services.routing.domain.contact import decisions, messages, settlements
from services.routing.domain.contact.decisions import Scene
from services.routing.domain.contact.messages import Message
from services.routing.domain.contact.model import Contact
from services.routing.domain.contact.settlements import Settlement
from services.routing.domain.customer import Customer, customer_identified
from shared.contracts import topics
from shared.contracts.followup import ResolutionConfirmed, ResolutionRefuted, ResolutionUnrefuted
from shared.contracts.intake import (
    ContactExpired,
    ContactReceived,
    CustomerIdentified,
    MessageFailed,
    MessageReceived,
    MessageSent,
)
from shared.kernel.clock import Clock
from shared.messaging.consumer.expired_contacts import until_expired
from shared.messaging.consumer.handlers import Handlers, handlers, on, process_each, types_in
from shared.messaging.consumer.subscription import Subscription

TOPICS = (topics.CONTACTS, topics.CUSTOMERS, topics.FOLLOWUPS)
CONTACT_HANDLERS: Handlers[Contact | None, Scene] = handlers(
    on(ContactReceived, decisions.contact_received),  # a new need: into its queue
    on(MessageReceived, decisions.message_received),  # after a claim: an agent has to read it
    on(ResolutionRefuted, decisions.resolution_refuted),  # not solved: back to the same agent
    on(ResolutionConfirmed, decisions.resolution_settled),  # solved: closed
    on(ResolutionUnrefuted, decisions.resolution_settled),  # asked and left in silence: closed
    on(ContactExpired, decisions.contact_expired),  # intake has deleted it: nothing of it stays
)
MESSAGE_HANDLERS: Handlers[Message | None, None] = handlers(
    on(ContactReceived, messages.received),  # what the customer wrote first
    on(MessageReceived, messages.received),  # and later
    on(MessageSent, messages.sent),  # what became of a reply
    on(MessageFailed, messages.failed),
)
RESOLUTION_HANDLERS: Handlers[Settlement | None, None] = handlers(
    on(ResolutionConfirmed, settlements.confirmed),  # what the history shows of a claim
    on(ResolutionRefuted, settlements.refuted),
    on(ResolutionUnrefuted, settlements.unrefuted),
)
CUSTOMER_HANDLERS: Handlers[Customer | None, None] = handlers(
    on(CustomerIdentified, customer_identified),  # what the customer is called
)
HANDLERS = (MESSAGE_HANDLERS, RESOLUTION_HANDLERS, CUSTOMER_HANDLERS, CONTACT_HANDLERS)


def subscriptions(clock: Clock) -> tuple[Subscription, ...]:
    """One subscription for all of it; what comes of a contact that has expired reaches none of the tables."""
    handle = process_each(
        (MESSAGE_HANDLERS, message_handler(MESSAGE_HANDLERS)),
        (RESOLUTION_HANDLERS, resolution_handler(RESOLUTION_HANDLERS)),
        (CUSTOMER_HANDLERS, customer_handler(CUSTOMER_HANDLERS)),
        (CONTACT_HANDLERS, ContactHandler(CONTACT_HANDLERS, clock)),
    )
    wanted = types_in(*HANDLERS)
    return (Subscription(topics=TOPICS, wanted=wanted, handle=until_expired(handle)),)
