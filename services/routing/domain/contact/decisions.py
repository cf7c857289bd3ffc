"""What each consumed event means to a contact: a pure decision for each type.

A decision is None where there is nothing to do. It holds for any order between topics, so what comes
late or twice changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.routing.domain.contact import lifecycle
from services.routing.domain.contact.model import Contact, ContactState
from services.routing.domain.contact.waiting import place
from shared.contracts.cloudevents import Incoming
from shared.contracts.decision import Decision
from shared.contracts.followup import (
    ResolutionConfirmed,
    ResolutionRefuted,
    ResolutionUnrefuted,
)
from shared.contracts.intake import ContactExpired, ContactReceived, MessageReceived
from shared.contracts.routing import QueueChanged


@dataclass(frozen=True, slots=True)
class Scene:
    """What a decision may look at beside its contact."""

    queues: Mapping[str, QueueChanged]
    now: datetime


def contact_received(
    known: Contact | None, event: Incoming[ContactReceived], scene: Scene
) -> Decision[Contact] | None:
    """A new need goes to its queue; automatic mail is recorded and never queued."""
    if known is not None:
        return None
    received = event.data
    contact = Contact(
        contact_id=received.contact_id,
        customer_id=received.customer_id,
        channel=received.channel,
        topic=received.topic,
        language=received.language,
        value_tier=received.value_tier,
        priority=received.priority,
        received_at=received.received_at,
        state=ContactState.RECORDED,
        promise_due_at=received.promise.due_at if received.promise else None,
        need=received.need,
        trace=event.trace,
    )
    if received.automatic:
        return Decision(contact)
    return place(contact, scene.queues.values(), scene.now)


def message_received(
    contact: Contact | None, event: Incoming[MessageReceived], scene: Scene
) -> Decision[Contact] | None:
    """What a customer writes about a resolved contact has to be read; an automatic answer has not."""
    if contact is None or contact.state not in lifecycle.OVER or event.data.automatic:
        return None
    return lifecycle.write_again(contact, _queue(contact, scene), scene.now)


def resolution_refuted(
    contact: Contact | None, event: Incoming[ResolutionRefuted], scene: Scene
) -> Decision[Contact] | None:
    """Not solved, says the customer: the contact reopens, or goes first if it waits already."""
    if contact is None or not _is_last_word(contact, event.data):
        return None
    queue, why = _queue(contact, scene), "the customer says no"
    if contact.returns_to is not None:
        return lifecycle.refute_waiting(contact, queue, why)
    return lifecycle.reopen(contact, queue, why, scene.now)


def resolution_settled(
    contact: Contact | None,
    event: Incoming[ResolutionConfirmed] | Incoming[ResolutionUnrefuted],
    _scene: Scene,
) -> Decision[Contact] | None:
    """Confirmed, or not refuted in time: the contact is closed."""
    if contact is None or not _is_last_word(contact, event.data):
        return None
    return lifecycle.close(contact)


def contact_expired(
    contact: Contact | None, _event: Incoming[ContactExpired], _scene: Scene
) -> Decision[Contact | None] | None:
    """Intake has deleted it, and so do we. One that still waits, or that an agent holds, is kept.

    Whoever keeps the line in memory hears of each change of it by an event, and there is none for this.
    """
    if contact is None or not (contact.offer or contact.state is ContactState.WAITING):
        return Decision(None)
    return None


def _is_last_word(
    contact: Contact, event: ResolutionConfirmed | ResolutionRefuted | ResolutionUnrefuted
) -> bool:
    """Whether it is about the last claim, and nobody has begun to work on the contact anew."""
    stands = contact.state in lifecycle.OVER or contact.returns_to is not None
    return stands and contact.resolution_id == event.resolution_id


def _queue(contact: Contact, scene: Scene) -> QueueChanged:
    """The queue it was in; queues are changed and never removed."""
    return scene.queues[contact.queue_id or ""]
