"""What is written to a contact's customer: where it goes, and what happens where nothing reaches them."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from services.intake.domain.address import ContactPoint
from services.intake.domain.channels import Channels, Destination
from services.intake.domain.delivery import DeliveryState, Draft
from services.intake.domain.opening import NO_CHANNEL, reply_subject
from services.intake.domain.text import fit, line
from shared.contracts.cloudevents import Incoming
from shared.contracts.decision import Decision
from shared.contracts.intake import MessageFailed
from shared.contracts.routing import MessageRequested
from shared.contracts.values import Channel, MessageKind
from shared.kernel.errors import Invalid


class Correspondence(msgspec.Struct, frozen=True, kw_only=True):
    """A contact as far as writing to its customer needs it.

    `points` are the customer's, the contact's own first; `message_ids` are those of all that was
    written to them, `drafts` what is new among it.
    """

    contact_id: UUID
    channel: Channel
    subject: str
    points: Sequence[tuple[UUID, ContactPoint]]
    message_ids: frozenset[UUID] = frozenset()
    drafts: tuple[Draft, ...] = ()


def requested(
    state: Correspondence | None, event: Incoming[MessageRequested], channels: Channels
) -> Decision[Correspondence | None] | None:
    """The message becomes one of the contact, once. Raises `Invalid` where there is no such contact.

    A customer whom nothing we have can reach makes it fail at once, and that is published.
    """
    message = event.data
    if state is None:
        raise Invalid("there is no such contact")
    if message.message_id in state.message_ids:
        return None
    draft = _draft(state, event, channels.destination(state.channel, state.points))
    changed = msgspec.structs.replace(
        state,
        message_ids=state.message_ids | {message.message_id},
        drafts=(*state.drafts, draft),
    )
    return Decision(changed, (_failed(draft),) if draft.state is DeliveryState.FAILED else ())


def _draft(
    state: Correspondence, event: Incoming[MessageRequested], destination: Destination | None
) -> Draft:
    message = event.data
    return Draft(
        message_id=message.message_id,
        contact_id=message.contact_id,
        kind=message.kind,
        channel=destination.channel if destination else None,
        contact_point_id=destination.contact_point_id if destination else None,
        subject=line(message.personal.subject) or reply_subject(state.subject),
        text=fit(message.personal.text),
        automatic=message.kind is not MessageKind.REPLY,
        written_at=message.requested_at,
        state=DeliveryState.QUEUED if destination else DeliveryState.FAILED,
        reason=None if destination else NO_CHANNEL.format(state.points[0][1].kind),
        trace=event.trace,
    )


def _failed(draft: Draft) -> MessageFailed:
    return MessageFailed(
        contact_id=draft.contact_id,
        message_id=draft.message_id,
        kind=draft.kind,
        failed_at=draft.written_at,
        reason=draft.reason or "",
    )
