"""What intake consumes: three subscriptions, each with a table of events and decisions."""

from collections.abc import Sequence

from services.intake.application.centre_config import CurrentCentreConfig
from services.intake.application.commands.accept import Accept
from services.intake.application.handlers.contacts import ContactHandler
from services.intake.application.handlers.deliveries import DeliveryHandler
from services.intake.application.handlers.queues import QueueHandler
from services.intake.domain.arrival import Arrival
from services.intake.domain.channels import Channels
from services.intake.domain.correspondence import Correspondence, requested
from services.intake.domain.quarantine_room import Room
from services.intake.domain.queues import QueueState, changed
from services.intake.domain.submission import Scene, submitted
from shared.contracts import topics
from shared.contracts.external import ContactSubmitted
from shared.contracts.routing import MessageRequested, QueueChanged
from shared.kernel.clock import Clock
from shared.messaging.consumer.handlers import Handlers, handlers, on
from shared.messaging.consumer.subscription import Admit, Subscription

INBOX: Handlers[Arrival | None, Scene] = handlers(
    on(ContactSubmitted, submitted),  # a contact that another system took in
)
DELIVERIES: Handlers[Correspondence | None, Channels] = handlers(
    on(MessageRequested, requested),  # an agent's reply or a check-in, to be delivered
)
QUEUES: Handlers[QueueState | None, None] = handlers(
    on(QueueChanged, changed),  # what promises and public waits are made of
)

HANDLERS = (INBOX, DELIVERIES, QUEUES)


def subscriptions(
    accept: Accept, config: CurrentCentreConfig, clock: Clock, room: Room, admit: Admit | None
) -> Sequence[Subscription]:
    """Three of them, so that a flood of contacts does not hold back a reply.

    The inbox waits where too much waits to be published; the others bring nothing in that publishes much.
    """
    contacts = ContactHandler(INBOX, accept, config, clock, room)
    return (
        Subscription(
            name="inbox",
            topics=(topics.INBOX,),
            wanted=frozenset(INBOX),
            handle=contacts,
            on_dead_letter=contacts.failed,
            quarantine=contacts.unreadable,
            on_duplicate=contacts.repeated,
            admit=admit,
        ),
        Subscription(
            name="deliveries",
            topics=(topics.DELIVERIES,),
            wanted=frozenset(DELIVERIES),
            handle=DeliveryHandler(DELIVERIES, config.channels),
        ),
        Subscription(
            name="queues",
            topics=(topics.QUEUES,),
            wanted=frozenset(QUEUES),
            handle=QueueHandler(QUEUES),
        ),
    )
