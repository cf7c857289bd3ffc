"""Offers that end without an assignment, and what the queue's policy says when nobody takes it."""

from datetime import datetime

from services.routing.adapters import store_queues
from services.routing.domain import life
from services.routing.domain.contact import Contact, Told
from services.routing.domain.declining import Pauses
from shared.contracts.routing import OfferOutcome, QueueChanged
from shared.database.database import Tx, once_committed
from shared.observability.logging import get_logger

log = get_logger(__name__)


async def close_offer(
    tx: Tx, contact: Contact, outcome: OfferOutcome, now: datetime, pauses: Pauses
) -> Told:
    """The contact waits for another agent, or in the overflow queue if this one has asked enough.

    An agent is asked a second time only when everybody able has declined. So whoever declines until
    the pause is the longest is the last of them, and no list of the others has to be kept.
    """
    waiting, closed = life.close_offer(contact, outcome, now, pauses)
    times = life.times_declined(waiting)
    if outcome is OfferOutcome.WITHDRAWN or times < pauses.until_longest:
        return waiting, closed
    overflow = await _overflow_of(tx, waiting)
    if times == pauses.until_longest or overflow:
        once_committed(_log, waiting, overflow)
    if overflow is None:
        return waiting, closed
    moved, queued = life.overflow(waiting, overflow, now)
    return moved, closed + queued


async def _overflow_of(tx: Tx, contact: Contact) -> QueueChanged | None:
    queue = await store_queues.find(tx, contact.queue_id or "")
    if queue is None or queue.overflow_queue_id is None:
        return None
    return await store_queues.find(tx, queue.overflow_queue_id)


def _log(contact: Contact, overflow: QueueChanged | None) -> None:
    log.warning(
        "a contact is declined by everybody who is asked",
        contact_id=str(contact.contact_id),
        queue=contact.queue_id,
        overflow=overflow and overflow.queue_id,
    )
