"""What these servers decide about a contact before they store it: ids, times, words and events."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_hex
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from benchmarks.servers.rows.events import Cause, Event, first_event
from benchmarks.servers.schema import Contact, Personal
from shared.contracts.topics import CONTACTS, CUSTOMERS
from shared.kernel.ids import new_id

LANGUAGE, TIME_ZONE, TOPIC, VALUE_TIER = "en", "UTC", "general", "standard"
TARGET, MINUTE = timedelta(hours=4), timedelta(minutes=1)
BASIS, POINT_KIND, DELIVERED_BY = "target", "email", "email"
IDENTIFIED, RECEIVED = "rapport.customer.identified.v1", "rapport.contact.received.v1"
WORDS = """Hello {name},

Thank you for writing to us. Your message has arrived, and one of us will answer you by {due}.

You need not do anything until then. If there is something to add, just reply to this message.

Kind regards"""


class MailPersonal(Personal):
    """Who writes from a mail address, and what."""

    address: str = Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")


class MailContact(Contact):
    """What is handed in."""

    personal: MailPersonal


class Promise(BaseModel):
    """The promise in its words."""

    promise_id: UUID
    due_at: datetime
    text: str
    language: str
    basis: str = BASIS


class Receipt(BaseModel):
    """The body of the response."""

    contact_id: UUID
    customer_id: UUID
    message_id: UUID
    promise: Promise


class Customer(NamedTuple):
    """Who writes, and from where; `is_new` where this request registered them."""

    customer_id: UUID
    point_id: UUID
    value_tier: str = VALUE_TIER
    is_new: bool = False


def new_trace() -> str:
    """The context of a trace that begins here and is not recorded."""
    return f"00-{token_hex(16)}-{token_hex(8)}-00"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """All that is to be stored, but for the customer."""

    contact: MailContact
    address: str
    topic: str
    language: str
    time_zone: str
    received_at: datetime
    due_at: datetime
    digest: bytes
    subject: str
    words: str
    traceparent: str = field(default_factory=new_trace)
    contact_id: UUID = field(default_factory=new_id)
    message_id: UUID = field(default_factory=new_id)
    arrival_key: UUID = field(default_factory=new_id)
    acknowledgement_id: UUID = field(default_factory=new_id)
    promise_id: UUID = field(default_factory=new_id)

    @property
    def trace(self) -> dict[str, str]:
        """As it stands in a row."""
        return {"parent": self.traceparent, "state": ""}

    @property
    def cause(self) -> Cause:
        """As events carry it."""
        return Cause(self.received_at, self.traceparent)

    def receipt(self, customer: Customer) -> Receipt:
        """What is answered once it is committed."""
        return Receipt(
            contact_id=self.contact_id,
            customer_id=customer.customer_id,
            message_id=self.message_id,
            promise=Promise(
                promise_id=self.promise_id,
                due_at=self.due_at,
                text=self.words,
                language=LANGUAGE,
            ),
        )


def decide(contact: MailContact, body: bytes) -> Decision:
    """What becomes of a contact; `body` is the request it came in."""
    now = datetime.now(UTC)
    due_at = (now + TARGET + MINUTE).replace(second=0, microsecond=0)
    time_zone = contact.time_zone or TIME_ZONE
    due = f"{due_at.astimezone(ZoneInfo(time_zone)):%H:%M on %d %B %Y (%Z)}"
    personal = contact.personal
    return Decision(
        contact=contact,
        address=personal.address.lower(),
        topic=contact.topic or TOPIC,
        language=contact.language or LANGUAGE,
        time_zone=time_zone,
        received_at=now,
        due_at=due_at,
        digest=sha256(body).digest(),
        subject=f"Re: {personal.subject}" if personal.subject else "We have your message",
        words=WORDS.format(name=personal.name, due=due),
    )


def events(decision: Decision, customer: Customer) -> list[Event]:
    """What the other services are told."""
    told = [_received(decision, customer)]
    return [_identified(decision, customer), *told] if customer.is_new else told


def _identified(decision: Decision, customer: Customer) -> Event:
    data = {
        "customer_id": customer.customer_id,
        "language": decision.language,
        "time_zone": decision.time_zone,
        "value_tier": customer.value_tier,
        "personal": {"name": decision.contact.personal.name},
    }
    return first_event(CUSTOMERS.name, IDENTIFIED, customer.customer_id, data, decision.cause)


def _received(decision: Decision, customer: Customer) -> Event:
    contact, personal = decision.contact, decision.contact.personal
    promise = {"promise_id": decision.promise_id, "due_at": decision.due_at, "basis": BASIS}
    data = {
        "contact_id": decision.contact_id,
        "customer_id": customer.customer_id,
        "message_id": decision.message_id,
        "channel": contact.channel,
        "topic": decision.topic,
        "language": decision.language,
        "time_zone": decision.time_zone,
        "value_tier": customer.value_tier,
        "priority": contact.priority,
        "received_at": decision.received_at,
        "personal": {"text": personal.text, "subject": personal.subject, "name": personal.name},
        "need": contact.need,
        "promise": promise,
    }
    return first_event(CONTACTS.name, RECEIVED, decision.contact_id, data, decision.cause)
