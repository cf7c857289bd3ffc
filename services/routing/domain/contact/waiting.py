"""How a contact comes to wait in a queue."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from services.routing.domain.contact.model import Contact, ContactState
from services.routing.domain.queues.selection import select_queue
from shared.contracts.decision import Decision
from shared.contracts.routing import ContactQueued, QueueChanged, QueuedReason


def place(contact: Contact, queues: Iterable[QueueChanged], now: datetime) -> Decision[Contact]:
    """A new contact into its queue; unplaced if there is none yet.

    The need is the publisher's, else the topic's. Of both priorities the more urgent counts.
    """
    selection = select_queue(queues, topic=contact.topic, language=contact.language)
    if selection is None:
        return Decision(replace(contact, state=ContactState.UNPLACED))
    contact = replace(
        contact,
        need=contact.need or selection.topic.need,
        priority=min(contact.priority, selection.topic.priority or contact.priority),
    )
    return wait(contact, selection.queue, QueuedReason.RECEIVED, selection.rule, now)


def wait(
    contact: Contact, queue: QueueChanged, reason: QueuedReason, rule: str, now: datetime
) -> Decision[Contact]:
    """The contact waits in this queue from now on."""
    waiting = replace(contact, state=ContactState.WAITING, queue_id=queue.queue_id, queued_at=now)
    queued = ContactQueued(
        contact_id=contact.contact_id,
        queue_id=queue.queue_id,
        reason=reason,
        priority=contact.priority,
        rule=rule,
        queued_at=now,
        service_target_seconds=queue.service_target_seconds,
        need=contact.need,
    )
    return Decision(waiting, (queued,))
