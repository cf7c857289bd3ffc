"""Opening a contact: its topic, its queue, its promise, and the words in which we make it."""

from uuid import UUID

from services.intake.domain.acceptance_plan import NewContact, NewMessage, NewPromise
from services.intake.domain.arrival import Arrival, GivenPromise
from services.intake.domain.centre_config import CentreConfig, Wording
from services.intake.domain.channels import Channels, Destination
from services.intake.domain.delivery import DeliveryState
from services.intake.domain.known_before import Customer
from services.intake.domain.language import spoken
from services.intake.domain.promise import promised_time
from services.intake.domain.text import MAX_LINE, MAX_TEXT
from shared.contracts.intake import ContactReceived, MessagePersonal, PromiseMade
from shared.contracts.trace_context import TraceContext
from shared.contracts.values import MessageKind
from shared.i18n.time_zones import time_zone
from shared.kernel.ids import new_id

ORDINARY = 5
NO_CHANNEL = "no outbound channel for {}"
FOR_PEOPLE_ONLY = "no machine is to answer it"


def opened(
    arrival: Arrival, customer: Customer, detected: str | None, config: CentreConfig
) -> NewContact:
    """A new contact; what was not stated is found out."""
    defaults = config.defaults
    language = spoken(arrival.language, detected, customer.language, defaults.language)
    topic = arrival.topic or config.rules.topic(
        recipient=arrival.recipient, language=language, text=f"{arrival.subject}\n{arrival.text}"
    )
    queue, queue_topic = config.choose(topic, language) or (None, None)
    zones = (arrival.time_zone, customer.time_zone, defaults.time_zones.get(language))
    return NewContact(
        contact_id=arrival.contact_id or new_id(),
        customer_id=customer.customer_id,
        contact_point_id=customer.point_id,
        channel=arrival.channel,
        topic=topic,
        language=language,
        time_zone=time_zone(*zones).key,
        priority=arrival.priority or (queue_topic.priority if queue_topic else None) or ORDINARY,
        queue_id=queue.queue_id if queue else None,
        need=arrival.need or (queue_topic.need if queue_topic else None),
        automatic=arrival.automatic,
        received_at=arrival.received_at,
    )


def received(arrival: Arrival, contact_id: UUID, contact_point_id: UUID) -> NewMessage:
    """The message that an arrival is."""
    return NewMessage(
        message_id=new_id(),
        contact_id=contact_id,
        written_at=arrival.received_at,
        subject=arrival.subject,
        text=arrival.text,
        automatic=arrival.automatic,
        channel=arrival.channel,
        contact_point_id=contact_point_id,
        arrival_key=arrival.key,
        digest=arrival.digest,
        mail_id=arrival.mail_id,
        full_text=arrival.full_text,
    )


def promised(
    contact: NewContact, arrival: Arrival, config: CentreConfig
) -> tuple[NewPromise, NewMessage, GivenPromise]:
    """The promise, the acknowledgement that carries it, and the words it is given in."""
    queue, _ = config.choose(contact.topic, contact.language) or (None, None)
    due_at, basis = promised_time(contact.received_at, queue, config.defaults.promise)
    words = config.acknowledge(contact.language, contact.time_zone, due_at, arrival.name)
    promise = NewPromise(
        promise_id=new_id(),
        contact_id=contact.contact_id,
        made_at=contact.received_at,
        due_at=due_at,
        basis=basis,
        trace=_trace(arrival),
    )
    given = GivenPromise(
        promise_id=promise.promise_id,
        due_at=due_at,
        text=words.text,
        language=words.language,
        basis=basis,
    )
    return promise, _acknowledgement(contact, arrival, words, config.channels), given


def _acknowledgement(
    contact: NewContact, arrival: Arrival, words: Wording, channels: Channels
) -> NewMessage:
    own = Destination(contact.channel, contact.contact_point_id)
    found = channels.destination(own.channel, [(own.contact_point_id, arrival.sender)])
    destination = None if arrival.for_people_only else found
    state = _state(arrival, destination)
    if state is DeliveryState.SENT:
        destination = own
    queued, now = state is DeliveryState.QUEUED, contact.received_at
    return NewMessage(
        message_id=new_id(),
        contact_id=contact.contact_id,
        written_at=now,
        subject=reply_subject(arrival.subject) or words.subject,
        text=words.text,
        automatic=True,
        channel=destination.channel if destination else None,
        contact_point_id=destination.contact_point_id if destination else None,
        kind=MessageKind.ACKNOWLEDGEMENT,
        language=words.language,
        state=state,
        next_attempt_at=now if queued else None,
        settled_at=None if queued else now,
        reason=None if destination else _why_not(arrival),
        trace=_trace(arrival),
    )


def _why_not(arrival: Arrival) -> str:
    return FOR_PEOPLE_ONLY if arrival.for_people_only else NO_CHANNEL.format(arrival.sender.kind)


def _trace(arrival: Arrival) -> TraceContext | None:
    return arrival.cause.trace if arrival.cause else arrival.trace


def contact_received(
    contact: NewContact,
    message: NewMessage,
    customer: Customer,
    given: GivenPromise | None,
    name: str,
) -> ContactReceived:
    """The event that tells the other services of it."""
    promise = _made(given) if given else None
    return ContactReceived(
        contact_id=contact.contact_id,
        customer_id=contact.customer_id,
        message_id=message.message_id,
        channel=contact.channel,
        topic=contact.topic,
        language=contact.language,
        time_zone=contact.time_zone,
        value_tier=customer.value_tier,
        priority=contact.priority,
        received_at=contact.received_at,
        personal=MessagePersonal(text=message.text[:MAX_TEXT], subject=message.subject, name=name),
        queue_id=contact.queue_id,
        need=contact.need,
        promise=promise,
        automatic=contact.automatic,
    )


def _made(given: GivenPromise) -> PromiseMade:
    return PromiseMade(promise_id=given.promise_id, due_at=given.due_at, basis=given.basis)


def reply_subject(subject: str) -> str:
    """The subject of a reply; empty if there was none."""
    if not subject or subject[:3].lower() == "re:":
        return subject
    return f"Re: {subject}"[:MAX_LINE]


def _state(arrival: Arrival, destination: Destination | None) -> DeliveryState:
    """How the acknowledgement goes: over a channel, else in the response to the request, else not at all."""
    if destination:
        return DeliveryState.QUEUED
    return DeliveryState.SENT if arrival.reads_response else DeliveryState.FAILED
