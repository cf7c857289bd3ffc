"""What analytics listens to: everything that is told about a contact.

The topics about customers, agents and queues change no figure, and what is not read cannot leak. They
are compacted, so a figure that needs them one day can still hear all of them.
"""

from services.analytics.application.handlers.facts import apply_events
from services.analytics.domain.projections.table import PROJECTIONS
from shared.contracts import topics
from shared.messaging.consumer.subscription import Subscription

SUBSCRIPTIONS = (
    Subscription(
        topics=(topics.CONTACTS, topics.ASSIGNMENTS, topics.FOLLOWUPS, topics.DELIVERIES),
        wanted=frozenset(PROJECTIONS),
        handle=apply_events,
    ),
)
