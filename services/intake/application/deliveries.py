"""Deliveries: what others write to a customer becomes a message of the contact, once."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.intake.adapters import store_delivery
from services.intake.adapters.store_delivery import Recipient
from services.intake.domain.delivery import DeliveryState, Draft
from services.intake.domain.opening import NO_CHANNEL, reply_subject
from services.intake.domain.text import fit, line
from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.intake import MessageFailed
from shared.contracts.routing import MessageRequested
from shared.contracts.values import MessageKind
from shared.database.database import Tx
from shared.kernel.errors import Invalid

Requested = Incoming[MessageRequested]


async def deliver(tx: Tx, requests: Sequence[Requested]) -> list[Outgoing]:
    """Queue these messages. Raises `Invalid` for a contact that does not exist.

    A customer whom nothing we have can reach makes the message fail at once, and that is said.
    """
    ways = await store_delivery.recipients(tx, [request.data.contact_id for request in requests])
    drafts = [_draft(request, ways) for request in requests]
    new = await store_delivery.write(tx, drafts)
    pairs = zip(requests, drafts, strict=True)
    return [
        Outgoing(_failed(draft), request) for request, draft in pairs if _unreachable(draft, new)
    ]


def _draft(request: Requested, ways: Mapping[UUID, Recipient]) -> Draft:
    message = request.data
    way = ways.get(message.contact_id)
    if way is None:
        raise Invalid("there is no such contact")
    return Draft(
        message_id=message.message_id,
        contact_id=message.contact_id,
        kind=message.kind,
        subject=line(message.personal.subject) or reply_subject(way.subject),
        text=fit(message.personal.text),
        automatic=message.kind is not MessageKind.REPLY,
        written_at=message.requested_at,
        state=DeliveryState.QUEUED if way.address else DeliveryState.FAILED,
        reason=None if way.address else NO_CHANNEL.format(way.kind),
        trace=request.trace,
    )


def _unreachable(draft: Draft, new: set[UUID]) -> bool:
    return draft.state is DeliveryState.FAILED and draft.message_id in new


def _failed(draft: Draft) -> MessageFailed:
    return MessageFailed(
        contact_id=draft.contact_id,
        message_id=draft.message_id,
        kind=MessageKind(draft.kind),
        failed_at=draft.written_at,
        reason=draft.reason or "",
    )
