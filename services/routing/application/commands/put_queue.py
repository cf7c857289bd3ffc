"""An administrator defines a queue."""

from datetime import datetime

from services.routing.adapters.db import contacts, queues
from services.routing.application.contact_changes import save_decisions
from services.routing.domain.contact.waiting import place
from shared.contracts.cloudevents import Outgoing
from shared.contracts.routing import QueueChanged
from shared.database.database import Tx
from shared.kernel.errors import Invalid
from shared.messaging.outbox.use_case import Result

MAX_PLACED = 1_000
"""Contacts without a queue that one definition places; the next places more."""


async def put_queue(tx: Tx, queue: QueueChanged, now: datetime) -> Result[QueueChanged]:
    """The queue as it now is; contacts that came before there was any go where they belong.

    Raises `Invalid` if its overflow queue is no other queue that there is.
    """
    await _check_overflow(tx, queue)
    await queues.put(tx, queue)
    whole = await queues.find(tx, queue.queue_id) or queue
    return Result(whole, [Outgoing(whole), *await _place_unplaced(tx, now)])


async def _check_overflow(tx: Tx, queue: QueueChanged) -> None:
    other = queue.overflow_queue_id
    if other is None:
        return
    if other == queue.queue_id:
        raise Invalid("a queue cannot overflow into itself", overflow_queue_id=other)
    if await queues.find(tx, other) is None:
        raise Invalid(f"there is no queue {other}", overflow_queue_id=other)


async def _place_unplaced(tx: Tx, now: datetime) -> list[Outgoing]:
    unplaced = await contacts.lock(tx, await contacts.find_unplaced(tx, MAX_PLACED))
    known = await queues.find_all(tx)
    decisions = [place(contact, known, now) for contact in unplaced.values()]
    return await save_decisions(tx, decisions, now)
