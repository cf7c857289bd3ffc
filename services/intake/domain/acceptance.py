"""The heart: what becomes of each arrival, decided for a whole set at once and without I/O."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from services.intake.domain.address import ContactPoint
from services.intake.domain.arrival import (
    Accepted,
    Arrival,
    Deduplicated,
    KeyReused,
    Outcome,
    Receipt,
    Told,
)
from services.intake.domain.centre import Centre
from services.intake.domain.delivery import DeliveryState
from services.intake.domain.known import Customer, Earlier, Known, Newcomer, Thread
from services.intake.domain.language import spoken
from services.intake.domain.opening import contact_received, opened, promised, received
from services.intake.domain.plan import NewAttachment, NewContact, NewMessage, Plan
from services.intake.domain.text import MAX_TEXT
from shared.contracts.cloudevents import Outgoing
from shared.contracts.event import Event
from shared.contracts.intake import (
    CustomerIdentified,
    CustomerPersonal,
    MessageFailed,
    MessagePersonal,
    MessageReceived,
    MessageSent,
)
from shared.contracts.values import MessageKind
from shared.i18n.time_zones import time_zone
from shared.kernel.ids import new_id

Heard = Sequence[str | None]
"""The language each arrival is written in; None where that is not clear."""


def newcomers(
    arrivals: Sequence[Arrival], heard: Heard, known: Known, centre: Centre
) -> list[Newcomer]:
    """Those who write and are not known, each once, as they introduce themselves."""
    found: dict[ContactPoint, Newcomer] = {}
    for arrival, language in zip(arrivals, heard, strict=True):
        sender = arrival.sender
        if sender in known.customers or sender in found or arrival.key in known.earlier:
            continue
        found[sender] = _newcomer(arrival, language, centre)
    return [found[sender] for sender in sorted(found)]


def decide(arrivals: Sequence[Arrival], heard: Heard, known: Known, centre: Centre) -> Plan:
    """What becomes of each arrival. Every sender of a new arrival is among `known.customers`."""
    decision = _Decision(known, centre)
    for arrival, language in zip(arrivals, heard, strict=True):
        decision.take(arrival, language)
    return decision.plan


class _Decision:
    """The plan while it grows, so that what comes twice in one set is seen."""

    def __init__(self, known: Known, centre: Centre) -> None:
        self.plan = Plan([], [], [], [], [], [])
        self._known = known
        self._centre = centre
        self._earlier: dict[UUID, Earlier] = dict(known.earlier)
        self._introduced: set[UUID] = set()

    def take(self, arrival: Arrival, heard: str | None) -> None:
        """Decide one more."""
        earlier = self._earlier.get(arrival.key)
        if earlier:
            self.plan.outcomes.append(_again(arrival, earlier))
            return
        customer = self._known.customers[arrival.sender]
        thread = _thread(arrival, customer, self._known)
        joined = self._append(arrival, thread) if thread else None
        receipt = joined or self._open(arrival, customer, heard)
        self.plan.attachments.extend(_files(arrival, receipt.message_id))
        self.plan.outcomes.append(Accepted(receipt))
        self._earlier[arrival.key] = Earlier(arrival.digest, receipt)

    def _append(self, arrival: Arrival, thread: Thread) -> Receipt:
        """The customer wrote again about something we know."""
        message = received(arrival, thread.contact_id)
        self.plan.messages.append(message)
        self._say(arrival, _message_received(arrival, message))
        return Receipt(
            contact_id=thread.contact_id,
            customer_id=thread.customer_id,
            message_id=message.message_id,
        )

    def _open(self, arrival: Arrival, customer: Customer, heard: str | None) -> Receipt:
        """A new need: it gets a promise, unless no person wrote it."""
        contact = opened(arrival, customer, heard, self._centre)
        message = received(arrival, contact.contact_id)
        self.plan.contacts.append(contact)
        self.plan.messages.append(message)
        self._introduce(arrival, customer)
        told, delivered = (None, ()) if arrival.automatic else self._promise(contact, arrival)
        received_ = contact_received(contact, message, customer, told, arrival.name)
        self._say(arrival, received_, *delivered)
        return Receipt(
            contact_id=contact.contact_id,
            customer_id=customer.customer_id,
            message_id=message.message_id,
            promise=told,
        )

    def _promise(self, contact: NewContact, arrival: Arrival) -> tuple[Told, Iterable[Event]]:
        """When a person answers, and what became of our saying so, where that is known at once."""
        promise, said, told = promised(contact, arrival, self._centre)
        self.plan.promises.append(promise)
        self.plan.messages.append(said)
        return told, _delivered(said)

    def _introduce(self, arrival: Arrival, customer: Customer) -> None:
        """A new customer is told of once, by the set that registered them."""
        customer_id = customer.customer_id
        if customer_id in self._known.new_customers and customer_id not in self._introduced:
            self._introduced.add(customer_id)
            self._say(arrival, _customer_identified(customer, arrival.name))

    def _say(self, arrival: Arrival, *events: Event) -> None:
        self.plan.events.extend(
            Outgoing(event, arrival.cause, trace=arrival.trace) for event in events
        )


def _again(arrival: Arrival, earlier: Earlier) -> Outcome:
    same = earlier.digest == arrival.digest
    return Deduplicated(earlier.receipt) if same else KeyReused()


def _newcomer(arrival: Arrival, heard: str | None, centre: Centre) -> Newcomer:
    defaults = centre.defaults
    language = spoken(arrival.language, heard, None, defaults.language)
    return Newcomer(
        customer_id=new_id(),
        point_id=new_id(),
        kind=arrival.sender.kind,
        address=arrival.sender.address,
        name=arrival.name,
        language=language,
        time_zone=time_zone(arrival.time_zone, defaults.time_zones.get(language)).key,
        value_tier=defaults.value_tier,
        created_at=arrival.received_at,
    )


def _thread(arrival: Arrival, customer: Customer, known: Known) -> Thread | None:
    """The nearest contact it refers to that is this customer's own: others' are not theirs to join."""
    named = (thread for mail in arrival.answers for thread in known.threads.get(mail, ()))
    return next((thread for thread in named if thread.customer_id == customer.customer_id), None)


def _files(arrival: Arrival, message_id: UUID) -> Iterable[NewAttachment]:
    for position, file in enumerate(arrival.attachments):
        yield NewAttachment.of(message_id, position, file)


def _message_received(arrival: Arrival, message: NewMessage) -> MessageReceived:
    return MessageReceived(
        contact_id=message.contact_id,
        message_id=message.message_id,
        channel=arrival.channel,
        received_at=message.written_at,
        personal=MessagePersonal(
            text=message.text[:MAX_TEXT], subject=message.subject, name=arrival.name
        ),
        attachments=len(arrival.attachments),
        automatic=message.automatic,
    )


def _customer_identified(customer: Customer, name: str) -> CustomerIdentified:
    return CustomerIdentified(
        customer_id=customer.customer_id,
        language=customer.language,
        time_zone=customer.time_zone,
        value_tier=customer.value_tier,
        personal=CustomerPersonal(name=name),
    )


def _delivered(said: NewMessage) -> Iterable[Event]:
    """An acknowledgement that is not on its way was delivered, or not, here and now."""
    contact_id, message_id, kind = said.contact_id, said.message_id, MessageKind.ACKNOWLEDGEMENT
    if said.state == DeliveryState.SENT:
        yield MessageSent(
            contact_id=contact_id, message_id=message_id, kind=kind, sent_at=said.written_at
        )
    if said.state == DeliveryState.FAILED:
        yield MessageFailed(
            contact_id=contact_id,
            message_id=message_id,
            kind=kind,
            failed_at=said.written_at,
            reason=said.reason or "",
        )
