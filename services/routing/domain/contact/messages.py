"""What was written in a contact, by the customer and by us, and what became of ours.

Kept whatever state the contact is in, and even if it is unknown: order between topics plays no part.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts.cloudevents import Incoming
from shared.contracts.decision import Decision
from shared.contracts.intake import ContactReceived, MessageFailed, MessageReceived, MessageSent
from shared.contracts.routing import MessageRequested
from shared.contracts.values import MessageKind


class MessageState(StrEnum):
    """Received: the customer wrote it. Requested: we wrote it, and intake delivers it."""

    RECEIVED = "received"
    REQUESTED = "requested"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One utterance. `body` is None where another service wrote it, which tells us no more than that.

    `kind` is why we wrote; None for what the customer wrote.
    """

    message_id: UUID
    contact_id: UUID
    written_at: datetime
    state: MessageState
    kind: MessageKind | None = None
    agent_id: str | None = None
    name: str = ""
    subject: str = ""
    body: str | None = None
    reason: str | None = None

    @property
    def inbound(self) -> bool:
        """Whether the customer wrote it."""
        return self.state is MessageState.RECEIVED


def received(
    known: Message | None,
    event: Incoming[ContactReceived] | Incoming[MessageReceived],
    _scene: None,
) -> Decision[Message | None] | None:
    """The customer's words; a message that is known stays as it is."""
    if known is not None:
        return None
    written = event.data
    return Decision(
        Message(
            message_id=written.message_id,
            contact_id=written.contact_id,
            written_at=written.received_at,
            state=MessageState.RECEIVED,
            name=written.personal.name,
            subject=written.personal.subject,
            body=written.personal.text,
        )
    )


def requested(written: MessageRequested) -> Message:
    """What an agent writes to the customer."""
    return Message(
        message_id=written.message_id,
        contact_id=written.contact_id,
        written_at=written.requested_at,
        state=MessageState.REQUESTED,
        kind=written.kind,
        agent_id=written.agent_id,
        subject=written.personal.subject,
        body=written.personal.text,
    )


def sent(
    known: Message | None, event: Incoming[MessageSent], _scene: None
) -> Decision[Message | None] | None:
    """A message of ours reached its provider; the first outcome is the last."""
    if known is not None:
        return None
    outcome = event.data
    return Decision(
        Message(
            message_id=outcome.message_id,
            contact_id=outcome.contact_id,
            written_at=outcome.sent_at,
            state=MessageState.SENT,
            kind=outcome.kind,
        )
    )


def failed(
    known: Message | None, event: Incoming[MessageFailed], _scene: None
) -> Decision[Message | None] | None:
    """A message of ours could not be delivered; the first outcome is the last."""
    if known is not None:
        return None
    outcome = event.data
    return Decision(
        Message(
            message_id=outcome.message_id,
            contact_id=outcome.contact_id,
            written_at=outcome.failed_at,
            state=MessageState.FAILED,
            kind=outcome.kind,
            reason=outcome.reason,
        )
    )
