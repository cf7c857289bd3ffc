"""What intake listens to: its ears in one table."""

from collections.abc import Sequence

from services.intake.application.hearing import Hearing
from shared.contracts import topics
from shared.contracts.external import ContactSubmitted
from shared.contracts.routing import MessageRequested, QueueChanged
from shared.messaging.consumer.subscription import Subscription


def subscriptions(hearing: Hearing) -> Sequence[Subscription]:
    """Three pairs of ears, so that a flood of contacts does not hold back a reply."""
    return (
        Subscription(
            name="inbox",
            topics=(topics.INBOX,),
            wanted=frozenset({ContactSubmitted}),
            handle=hearing.contacts,
            on_dead_letter=hearing.failed,
            quarantine=hearing.unreadable,
            on_duplicate=hearing.repeated,
        ),
        Subscription(
            name="deliveries",
            topics=(topics.DELIVERIES,),
            wanted=frozenset({MessageRequested}),
            handle=hearing.deliveries,
        ),
        Subscription(
            name="queues",
            topics=(topics.QUEUES,),
            wanted=frozenset({QueueChanged}),
            handle=hearing.queues,
        ),
    )
