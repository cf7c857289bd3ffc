"""Events that intake publishes: the contact as the customer sees it."""

from enum import StrEnum
from uuid import UUID

import msgspec

from shared.contracts import topics
from shared.contracts.event import Event, event
from shared.contracts.values import (
    Channel,
    Count,
    Language,
    Line,
    MessageKind,
    Name,
    Need,
    Personal,
    Priority,
    Slug,
    Text,
    Time,
    TimeZone,
)


class PromiseBasis(StrEnum):
    """What a promised time rests on."""

    FORECAST = "forecast"
    TARGET = "target"


class PromiseOutcome(StrEnum):
    """What became of a promise."""

    BEATEN = "beaten"
    KEPT = "kept"
    BROKEN = "broken"
    RENEGOTIATED = "renegotiated"
    VOID = "void"


class PromiseMade(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer was told: a person answers by `due_at`."""

    promise_id: UUID
    due_at: Time
    basis: PromiseBasis


class CustomerPersonal(Personal, frozen=True, kw_only=True):
    """Who a customer is."""

    name: Name = ""


class MessagePersonal(Personal, frozen=True, kw_only=True):
    """What a customer or agent wrote."""

    text: Text
    subject: Line = ""
    name: Name = ""


@event("rapport.customer.identified.v1", topics.CUSTOMERS, subject="customer_id")
class CustomerIdentified(Event, frozen=True, kw_only=True):
    """A person is known for the first time, or anew: the whole of what other services may know."""

    customer_id: UUID
    language: Language
    time_zone: TimeZone
    value_tier: Slug
    personal: CustomerPersonal


@event("rapport.contact.received.v1", topics.CONTACTS, subject="contact_id")
class ContactReceived(Event, frozen=True, kw_only=True):
    """A new need of a customer, acknowledged with a promise in the same transaction.

    `queue_id` is the queue the promise was computed for; routing decides for itself.
    `promise` is null only for automatic mail, which is stored and never answered.
    """

    contact_id: UUID
    customer_id: UUID
    message_id: UUID
    channel: Channel
    topic: Slug
    language: Language
    time_zone: TimeZone
    value_tier: Slug
    priority: Priority
    received_at: Time
    personal: MessagePersonal
    queue_id: Slug | None = None
    need: Need | None = None
    promise: PromiseMade | None = None
    automatic: bool = False


@event("rapport.message.received.v1", topics.CONTACTS, subject="contact_id")
class MessageReceived(Event, frozen=True, kw_only=True):
    """The customer wrote again about a contact that exists."""

    contact_id: UUID
    message_id: UUID
    channel: Channel
    received_at: Time
    personal: MessagePersonal
    attachments: Count = 0
    automatic: bool = False


@event("rapport.message.sent.v1", topics.CONTACTS, subject="contact_id")
class MessageSent(Event, frozen=True, kw_only=True):
    """A message to the customer was taken over by the provider that delivers it."""

    contact_id: UUID
    message_id: UUID
    kind: MessageKind
    sent_at: Time


@event("rapport.message.failed.v1", topics.CONTACTS, subject="contact_id")
class MessageFailed(Event, frozen=True, kw_only=True):
    """A message to the customer could not be delivered and will not be tried again."""

    contact_id: UUID
    message_id: UUID
    kind: MessageKind
    failed_at: Time
    reason: Line


@event("rapport.promise.settled.v1", topics.CONTACTS, subject="contact_id")
class PromiseSettled(Event, frozen=True, kw_only=True):
    """A promise ended; it is settled once and never again."""

    contact_id: UUID
    promise_id: UUID
    outcome: PromiseOutcome
    due_at: Time
    settled_at: Time


@event("rapport.contact.expired.v1", topics.CONTACTS, subject="contact_id")
class ContactExpired(Event, frozen=True, kw_only=True):
    """Nothing has happened to the contact for so long that it is deleted: the last event about it.

    Whoever keeps something of it deletes that. What the customer writes to it afterwards is a new contact.
    """

    contact_id: UUID
    expired_at: Time
