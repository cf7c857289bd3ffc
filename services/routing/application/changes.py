"""How every change ends: contacts and offers saved, agents freed, events told, sleepers woken."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.routing.adapters import store_agents, store_contacts, wakeups
from services.routing.domain.contact import Contact, ContactState, Offer, OfferState, Told
from shared.contracts.cloudevents import Outgoing
from shared.contracts.event import Event
from shared.contracts.routing import AssignmentStarted, OfferClosed, OfferMade
from shared.database.database import Tx, once_committed
from shared.messaging.outbox import outbox
from shared.observability import metrics


async def save_and_tell(tx: Tx, changes: Sequence[Told], now: datetime) -> None:
    """Save the changed contacts and tell of them, each in the trace its contact began."""
    await save(tx, [contact for contact, _ in changes], now)
    told = [Outgoing(event, trace=contact.trace) for contact, events in changes for event in events]
    await outbox.append(tx, told)
    once_committed(_count, [each.data for each in told])


async def save(tx: Tx, contacts: Sequence[Contact], now: datetime) -> None:
    """Save the changed contacts, free the agents whose offers ended, wake who has to look."""
    await store_contacts.save(tx, contacts)
    offers = [contact.offer for contact in contacts if contact.offer is not None]
    await store_agents.freed(tx, (offer.agent_id for offer in offers if offer.slot is None), now)
    await wakeups.ring(tx, _bells(contacts, offers))


def _count(told: Iterable[Event]) -> None:
    for event in told:
        if isinstance(event, OfferMade):
            metrics.offers.labels("made").inc()
        elif isinstance(event, AssignmentStarted):
            metrics.offers.labels("accepted").inc()
        elif isinstance(event, OfferClosed):
            metrics.offers.labels(event.outcome).inc()


def _bells(contacts: Sequence[Contact], offers: Sequence[Offer]) -> Iterable[str]:
    yield from (wakeups.desk(offer.agent_id) for offer in offers)
    if any(contact.state is ContactState.WAITING for contact in contacts):
        yield wakeups.DISPATCH
    if any(offer.slot is None for offer in offers):
        yield wakeups.DISPATCH
    if any(offer.state in (OfferState.OPEN, OfferState.WRAPPING) for offer in offers):
        yield wakeups.TIMERS
