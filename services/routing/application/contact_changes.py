"""How every change of contacts ends: contacts and offers saved, agents idle again, others woken."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.routing.adapters.db import agents, contacts
from services.routing.application import signals
from services.routing.domain.contact.model import Contact
from shared.contracts.cloudevents import Outgoing
from shared.contracts.decision import Decision
from shared.contracts.event import Event
from shared.contracts.routing import AssignmentStarted, OfferClosed, OfferMade
from shared.database.database import Tx, once_committed
from shared.jobs.signals import notify
from shared.observability import metrics


async def save_decisions(
    tx: Tx, decisions: Sequence[Decision[Contact]], now: datetime
) -> list[Outgoing]:
    """Save the contacts as they were decided on; the events to publish."""
    await save_contacts(tx, [decision.state for decision in decisions], now)
    return events_of(decisions)


async def save_contacts(tx: Tx, changed: Sequence[Contact], now: datetime) -> None:
    """Save the changed contacts; agents whose offers ended are idle, and who has to look is woken."""
    await contacts.save(tx, changed)
    offers = [contact.offer for contact in changed if contact.offer is not None]
    await agents.mark_idle(tx, (offer.agent_id for offer in offers if offer.slot is None), now)
    await notify(tx, signals.of_contacts(changed))


def events_of(decisions: Iterable[Decision[Contact]]) -> list[Outgoing]:
    """The events of these decisions, each in the trace its contact began; counted when they commit."""
    events = [Outgoing(event, trace=contact.trace) for contact, made in decisions for event in made]
    once_committed(_count, [event.data for event in events])
    return events


def _count(events: Iterable[Event]) -> None:
    for event in events:
        if isinstance(event, OfferMade):
            metrics.offers.labels("made").inc()
        elif isinstance(event, AssignmentStarted):
            metrics.offers.labels("accepted").inc()
        elif isinstance(event, OfferClosed):
            metrics.offers.labels(event.outcome).inc()
