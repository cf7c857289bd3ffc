"""The heart: what becomes of each arrival, decided for a whole set at once and without I/O."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from services.intake.domain.acceptance_plan import NewAttachment, NewContact, NewMessage, Plan
from services.intake.domain.address import ContactPoint
from services.intake.domain.arrival import (
    Accepted,
    Arrival,
    Deduplicated,
    GivenPromise,
    KeyReused,
    Outcome,
    Receipt,
)
from services.intake.domain.centre_config import CentreConfig
from services.intake.domain.delivery import DeliveryState
from services.intake.domain.known_before import Customer, Earlier, Known, Newcomer, Thread
from services.intake.domain.language import spoken
from services.intake.domain.opening import contact_received, opened, promised, received
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

Detected = Sequence[str | None]
"""The language each arrival is written in; None where that is not clear."""


def newcomers(
    arrivals: Sequence[Arrival], detected: Detected, known: Known, config: CentreConfig
) -> list[Newcomer]:
    """Those who write and are not known, each once, as they introduce themselves."""
    found: dict[ContactPoint, Newcomer] = {}
    for arrival, language in zip(arrivals, detected, strict=True):
        sender = arrival.sender
        if sender in known.customers or sender in found or arrival.key in known.earlier:
            continue
        found[sender] = _newcomer(arrival, language, config)
    return [found[sender] for sender in sorted(found)]


def decide(
    arrivals: Sequence[Arrival], detected: Detected, known: Known, config: CentreConfig
) -> Plan:
    """What becomes of each arrival. Every sender of a new arrival is among `known.customers`."""
    decision = _Decision(known, config)
    for arrival, language in zip(arrivals, detected, strict=True):
        decision.add(arrival, language)
    return decision.plan


def in_its_contact(arrival: Arrival, known: Known) -> Arrival:
    """The arrival with the contact it belongs to: a known one that it joins, or a new one.

    Its files are stored there before it is decided, and `decide` keeps to it. One that came before
    stays as it is: nothing of it is stored.
    """
    if arrival.key in known.earlier:
        return arrival
    customer = known.customers.get(arrival.sender)
    thread = _thread(arrival, customer, known) if customer else None
    contact_id = thread.contact_id if thread else new_id()
    return msgspec.structs.replace(arrival, contact_id=contact_id)


class _Decision:
    """The plan while it grows, so that what comes twice in one set is seen."""

    def __init__(self, known: Known, config: CentreConfig) -> None:
        self.plan = Plan([], [], [], [], [], [])
        self._known = known
        self._config = config
        self._earlier: dict[UUID, Earlier] = dict(known.earlier)
        self._introduced: set[UUID] = set()

    def add(self, arrival: Arrival, detected: str | None) -> None:
        """Decide one more."""
        earlier = self._earlier.get(arrival.key)
        if earlier:
            self.plan.outcomes.append(_again(arrival, earlier))
            return
        customer = self._known.customers[arrival.sender]
        thread = _thread(arrival, customer, self._known)
        joined = self._append(arrival, customer, thread) if thread else None
        receipt = joined or self._open(arrival, customer, detected)
        self.plan.attachments.extend(_files(arrival, receipt))
        self.plan.outcomes.append(Accepted(receipt))
        self._earlier[arrival.key] = Earlier(arrival.digest, receipt)

    def _append(self, arrival: Arrival, customer: Customer, thread: Thread) -> Receipt:
        """The customer wrote again about something we know."""
        message = received(arrival, thread.contact_id, customer.point_id)
        self.plan.messages.append(message)
        self._publish(arrival, _message_received(arrival, message))
        return Receipt(
            contact_id=thread.contact_id,
            customer_id=thread.customer_id,
            message_id=message.message_id,
        )

    def _open(self, arrival: Arrival, customer: Customer, detected: str | None) -> Receipt:
        """A new need: it gets a promise, unless no person wrote it."""
        contact = opened(arrival, customer, detected, self._config)
        message = received(arrival, contact.contact_id, customer.point_id)
        self.plan.contacts.append(contact)
        self.plan.messages.append(message)
        self._introduce(arrival, customer)
        given, outcomes = (None, ()) if arrival.automatic else self._promise(contact, arrival)
        opening = contact_received(contact, message, customer, given, arrival.name)
        self._publish(arrival, opening, *outcomes)
        return Receipt(
            contact_id=contact.contact_id,
            customer_id=customer.customer_id,
            message_id=message.message_id,
            promise=given,
        )

    def _promise(
        self, contact: NewContact, arrival: Arrival
    ) -> tuple[GivenPromise, Iterable[Event]]:
        """The promise, and what became of its acknowledgement, where that is known at once."""
        promise, acknowledgement, given = promised(contact, arrival, self._config)
        self.plan.promises.append(promise)
        self.plan.messages.append(acknowledgement)
        return given, _delivered(acknowledgement)

    def _introduce(self, arrival: Arrival, customer: Customer) -> None:
        """A new customer is published once, by the set that registered them."""
        customer_id = customer.customer_id
        if customer_id in self._known.new_customers and customer_id not in self._introduced:
            self._introduced.add(customer_id)
            self._publish(arrival, _customer_identified(customer, arrival.name))

    def _publish(self, arrival: Arrival, *events: Event) -> None:
        self.plan.events.extend(
            Outgoing(event, arrival.cause, trace=arrival.trace) for event in events
        )


def _again(arrival: Arrival, earlier: Earlier) -> Outcome:
    same = earlier.digest == arrival.digest
    return Deduplicated(earlier.receipt) if same else KeyReused()


def _newcomer(arrival: Arrival, detected: str | None, config: CentreConfig) -> Newcomer:
    defaults = config.defaults
    language = spoken(arrival.language, detected, None, defaults.language)
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
    """The nearest contact it refers to that is this customer's own: others' are not theirs to join.

    Where its files are stored already, it is theirs or none. A contact that no person began is nobody's work: a person
    who writes there begins one.
    """
    named = (thread for mail in arrival.refers_to for thread in known.threads.get(mail, ()))
    joinable = (thread for thread in named if arrival.automatic or not thread.automatic)
    own = (thread for thread in joinable if thread.customer_id == customer.customer_id)
    fixed = arrival.contact_id
    return next((thread for thread in own if fixed in (None, thread.contact_id)), None)


def _files(arrival: Arrival, receipt: Receipt) -> Iterable[NewAttachment]:
    """Raises `ValueError` where they are not stored: a row never names what is not there."""
    if arrival.attachments and arrival.contact_id != receipt.contact_id:
        raise ValueError("attachments are stored before their arrival is decided")
    for position, file in enumerate(arrival.attachments):
        yield NewAttachment.of(receipt.message_id, position, file)


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


def _delivered(acknowledgement: NewMessage) -> Iterable[Event]:
    """An acknowledgement that is not on its way was delivered, or not, here and now."""
    contact_id, message_id, kind = (
        acknowledgement.contact_id,
        acknowledgement.message_id,
        MessageKind.ACKNOWLEDGEMENT,
    )
    if acknowledgement.state == DeliveryState.SENT:
        yield MessageSent(
            contact_id=contact_id,
            message_id=message_id,
            kind=kind,
            sent_at=acknowledgement.written_at,
        )
    if acknowledgement.state == DeliveryState.FAILED:
        yield MessageFailed(
            contact_id=contact_id,
            message_id=message_id,
            kind=kind,
            failed_at=acknowledgement.written_at,
            reason=acknowledgement.reason or "",
        )
