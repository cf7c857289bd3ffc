"""Which queue a contact waits in, and the rule in words."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.routing.domain.contact import Contact, ContactState, Told
from shared.contracts.queue_choice import ANY, choose_queue
from shared.contracts.routing import ContactQueued, QueueChanged, QueuedReason, QueueTopic


def place(contact: Contact, queues: Sequence[QueueChanged], now: datetime) -> Told:
    """A new contact into its queue; unplaced if there is none yet.

    The need is the publisher's, else the topic's. Of both priorities the more urgent counts.
    """
    choice = choose_queue(queues, topic=contact.topic, language=contact.language)
    if choice is None:
        return replace(contact, state=ContactState.UNPLACED), ()
    queue, taken = choice
    contact = replace(
        contact,
        need=contact.need or taken.need,
        priority=min(contact.priority, taken.priority or contact.priority),
    )
    return wait(contact, queue, QueuedReason.RECEIVED, in_words(contact, queue, taken), now)


def wait(
    contact: Contact, queue: QueueChanged, reason: QueuedReason, rule: str, now: datetime
) -> Told:
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
    return waiting, (queued,)


def in_words(contact: Contact, queue: QueueChanged, taken: QueueTopic) -> str:
    """Why this queue, for people."""
    topic = "any topic" if taken.topic == ANY else f"topic {taken.topic}"
    spoken = not queue.languages or contact.language in queue.languages
    language = contact.language if spoken else f"though nobody has a queue for {contact.language}"
    return f"{queue.queue_id} takes {topic}, {language}"
