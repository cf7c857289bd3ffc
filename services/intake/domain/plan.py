"""What a set of arrivals becomes: rows to save, events to say, outcomes to answer."""

from datetime import datetime
from uuid import UUID

import msgspec

from services.intake.domain.arrival import Attachment, Outcome
from shared.contracts.cloudevents import Outgoing, TraceContext
from shared.contracts.values import Channel, Need


class NewContact(msgspec.Struct, frozen=True, kw_only=True):
    """One new contact, column by column: itself, its first message, the promise and what we said.

    An automatic one has no promise, and nothing is said.
    """

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
    message_id: UUID
    arrival_key: UUID
    digest: bytes
    mail_id: str | None
    subject: str
    text: str
    full_text: str | None
    trace: TraceContext | None
    promise_id: UUID | None = None
    due_at: datetime | None = None
    basis: str | None = None
    said_id: UUID | None = None
    said_subject: str | None = None
    said_text: str | None = None
    said_language: str | None = None
    said_state: str | None = None
    said_reason: str | None = None


class NewMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that belongs to an earlier contact, column by column."""

    message_id: UUID
    contact_id: UUID
    received_at: datetime
    arrival_key: UUID
    channel: str
    digest: bytes
    mail_id: str | None
    subject: str
    text: str
    full_text: str | None
    automatic: bool


class NewAttachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a message, column by column; `position` counts from 0."""

    message_id: UUID
    position: int
    name: str
    media_type: str
    content: bytes

    @classmethod
    def of(cls, message_id: UUID, position: int, file: Attachment) -> "NewAttachment":
        """The file at its place."""
        return cls(
            message_id=message_id,
            position=position,
            name=file.name,
            media_type=file.media_type,
            content=file.content,
        )


class Plan(msgspec.Struct, frozen=True):
    """`outcomes` has the order of the arrivals."""

    contacts: list[NewContact]
    messages: list[NewMessage]
    attachments: list[NewAttachment]
    events: list[Outgoing]
    outcomes: list[Outcome]
