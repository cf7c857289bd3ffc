"""What a set of arrivals becomes: rows to save, events to publish, and the outcome of each."""

from datetime import datetime
from uuid import UUID

import msgspec

from services.intake.domain.arrival import Attachment, Outcome
from shared.contracts.cloudevents import Outgoing
from shared.contracts.trace_context import TraceContext
from shared.contracts.values import Channel, Need


class NewContact(msgspec.Struct, frozen=True, kw_only=True):
    """A new contact, column by column."""

    contact_id: UUID
    customer_id: UUID
    contact_point_id: UUID
    channel: Channel
    topic: str
    language: str
    time_zone: str
    priority: int
    queue_id: str | None
    need: Need | None
    automatic: bool
    received_at: datetime


class NewMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message, column by column: one that came has an arrival key, one that goes out a state.

    Without a channel and a contact point nothing reaches the customer.
    """

    message_id: UUID
    contact_id: UUID
    written_at: datetime
    subject: str
    text: str
    automatic: bool
    channel: Channel | None
    contact_point_id: UUID | None
    arrival_key: UUID | None = None
    digest: bytes | None = None
    mail_id: str | None = None
    full_text: str | None = None
    kind: str | None = None
    language: str | None = None
    state: str | None = None
    next_attempt_at: datetime | None = None
    settled_at: datetime | None = None
    reason: str | None = None
    trace: TraceContext | None = None


class NewPromise(msgspec.Struct, frozen=True, kw_only=True):
    """A promise, column by column."""

    promise_id: UUID
    contact_id: UUID
    made_at: datetime
    due_at: datetime
    basis: str
    trace: TraceContext | None


class NewAttachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a message, column by column; `position` counts from 0. Its bytes are in the store."""

    message_id: UUID
    position: int
    name: str
    media_type: str
    size: int
    digest: bytes

    @classmethod
    def of(cls, message_id: UUID, position: int, file: Attachment) -> "NewAttachment":
        """The file at its place."""
        return cls(
            message_id=message_id,
            position=position,
            name=file.name,
            media_type=file.media_type,
            size=len(file.content),
            digest=file.digest,
        )


class Plan(msgspec.Struct, frozen=True):
    """`outcomes` has the order of the arrivals."""

    contacts: list[NewContact]
    messages: list[NewMessage]
    promises: list[NewPromise]
    attachments: list[NewAttachment]
    events: list[Outgoing]
    outcomes: list[Outcome]
