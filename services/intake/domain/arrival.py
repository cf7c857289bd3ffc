"""An arrival: something a customer sent, read and understood, before anything is decided about it."""

from datetime import datetime
from uuid import UUID

import msgspec

from services.intake.domain.address import ContactPoint
from shared.contracts.cloudevents import Incoming
from shared.contracts.event import Event
from shared.contracts.intake import PromiseBasis
from shared.contracts.trace_context import TraceContext
from shared.contracts.values import Channel, Need


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file that came with a message; `digest` is the SHA-256 of its content."""

    name: str
    media_type: str
    content: bytes
    digest: bytes


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """One message from a customer, however it reached us.

    `key` is the same for the same arrival, however often it is sent; `digest` tells whether it is
    really the same. What is None was not stated and is found out. `refers_to` names the mails it
    follows, the nearest first. `reads_response` is true where the sender reads our response at once.
    What is not `repeatable` has a key that was made for it alone, so it cannot have come before.
    `contact_id` is the contact under which its attachments are stored, which is before anything is
    decided; it is None where there are none, or where the arrival came before. `automatic`: no person wrote it, so none reads it;
    `for_people_only`: whoever wrote it, no machine is to answer.
    """

    key: UUID
    digest: bytes
    channel: Channel
    sender: ContactPoint
    received_at: datetime
    text: str
    full_text: str | None = None
    subject: str = ""
    name: str = ""
    topic: str | None = None
    language: str | None = None
    time_zone: str | None = None
    priority: int | None = None
    need: Need | None = None
    recipient: str = ""
    mail_id: str | None = None
    refers_to: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    contact_id: UUID | None = None
    automatic: bool = False
    for_people_only: bool = False
    reads_response: bool = False
    repeatable: bool = True
    cause: Incoming[Event] | None = None
    trace: TraceContext | None = None


class GivenPromise(msgspec.Struct, frozen=True, kw_only=True):
    """The promise in the words in which the customer has it."""

    promise_id: UUID
    due_at: datetime
    text: str
    language: str
    basis: PromiseBasis


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What an arrival became. Without a promise it was automatic, or belongs to an earlier contact."""

    contact_id: UUID
    customer_id: UUID
    message_id: UUID
    promise: GivenPromise | None = None


class Accepted(msgspec.Struct, frozen=True):
    """The arrival is stored."""

    receipt: Receipt


class Deduplicated(msgspec.Struct, frozen=True):
    """The arrival had come before; the receipt is the first one's."""

    receipt: Receipt


class KeyReused(msgspec.Struct, frozen=True):
    """Something else had come under this key; nothing is stored."""


Outcome = Accepted | Deduplicated | KeyReused
