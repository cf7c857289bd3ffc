"""An agent hands a contact to somebody with more authority."""

from datetime import datetime
from uuid import UUID

from services.routing.adapters.db import history
from services.routing.application.contact_changes import save_decisions
from services.routing.application.loading import find_queue, lock_assigned
from services.routing.domain.contact import lifecycle
from services.routing.domain.contact.model import Contact
from shared.contracts.values import Need
from shared.database.database import Tx
from shared.messaging.outbox.use_case import Result


async def escalate(
    tx: Tx, agent_id: str, contact_id: UUID, now: datetime, *, need: Need | None, note: str
) -> Result[Contact]:
    """The contact waits in its queue, with a note, for others alone. Raises `Missing` or `Conflict`."""
    contact = await lock_assigned(tx, agent_id, contact_id)
    await history.insert_note(tx, contact_id, agent_id, note, now)
    queue = await find_queue(tx, contact.queue_id or "")
    decision = lifecycle.escalate(contact, queue, need, now)
    return Result(decision.state, await save_decisions(tx, [decision], now))
