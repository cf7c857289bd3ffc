"""What each heard event means to a contact: one rule for each type.

A rule returns the contact changed, with what is to be told, or None where there is nothing to do:
rules hold for any order between topics, so what comes late or twice changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from services.routing.domain import life
from services.routing.domain.contact import Contact, ContactState, Told
from services.routing.domain.queueing import place
from shared.contracts.cloudevents import Incoming
from shared.contracts.event import Event
from shared.contracts.followup import (
    ResolutionConfirmed,
    ResolutionRefuted,
    ResolutionUnrefuted,
)
from shared.contracts.intake import ContactReceived, MessageReceived
from shared.contracts.routing import QueueChanged


@dataclass(frozen=True, slots=True)
class Scene:
    """What a rule may look at beside its contact."""

    queues: Mapping[str, QueueChanged]
    now: datetime


Rule: TypeAlias = Callable[[Contact | None, Incoming[Any], Scene], Told | None]


def received(known: Contact | None, heard: Incoming[ContactReceived], scene: Scene) -> Told | None:
    """A new need goes to its queue; automatic mail is recorded and never queued."""
    if known is not None:
        return None
    event = heard.data
    contact = Contact(
        contact_id=event.contact_id,
        customer_id=event.customer_id,
        channel=event.channel,
        topic=event.topic,
        language=event.language,
        value_tier=event.value_tier,
        priority=event.priority,
        received_at=event.received_at,
        state=ContactState.RECORDED,
        promise_due_at=event.promise.due_at if event.promise else None,
        need=event.need,
        trace=heard.trace,
    )
    if event.automatic:
        return contact, ()
    return place(contact, list(scene.queues.values()), scene.now)


def written_to(
    contact: Contact | None, heard: Incoming[MessageReceived], scene: Scene
) -> Told | None:
    """What a customer writes about a resolved contact has to be read; an automatic answer has not."""
    if contact is None or contact.state not in life.OVER or heard.data.automatic:
        return None
    return life.write_again(contact, _queue(contact, scene), scene.now)


def refuted(
    contact: Contact | None, heard: Incoming[ResolutionRefuted], scene: Scene
) -> Told | None:
    """Not solved, says the customer: the contact reopens, or goes first if it waits already."""
    if contact is None or not _is_last_word(contact, heard.data):
        return None
    if contact.returns_to is not None:
        return life.refute(contact)
    return life.reopen(contact, _queue(contact, scene), "the customer says no", scene.now)


def settled(
    contact: Contact | None,
    heard: Incoming[ResolutionConfirmed] | Incoming[ResolutionUnrefuted],
    _scene: Scene,
) -> Told | None:
    """Confirmed, or not refuted in time: the contact is closed."""
    if contact is None or not _is_last_word(contact, heard.data):
        return None
    return life.close(contact)


RULES: Mapping[type[Event], Rule] = {
    ContactReceived: received,
    MessageReceived: written_to,
    ResolutionRefuted: refuted,
    ResolutionConfirmed: settled,
    ResolutionUnrefuted: settled,
}


def _is_last_word(
    contact: Contact, event: ResolutionConfirmed | ResolutionRefuted | ResolutionUnrefuted
) -> bool:
    """Whether it is about the last claim, and nobody has begun to work on the contact anew."""
    stands = contact.state in life.OVER or contact.returns_to is not None
    return stands and contact.resolution_id == event.resolution_id


def _queue(contact: Contact, scene: Scene) -> QueueChanged:
    """The queue it was in; queues are changed and never removed."""
    return scene.queues[contact.queue_id or ""]
