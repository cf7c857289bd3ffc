"""An agent hands a contact to a queue."""

from datetime import datetime
from uuid import UUID

from services.routing.adapters.db import history
from services.routing.application.contact_changes import save_decisions
from services.routing.application.loading import find_queue, lock_assigned
from services.routing.domain.contact import lifecycle
from services.routing.domain.contact.model import Contact
from shared.database.database import Tx
from shared.messaging.outbox.use_case import Result


async def transfer(
    tx: Tx, agent_id: str, contact_id: UUID, now: datetime, *, queue_id: str, note: str
) -> Result[Contact]:
    """The contact waits there, with a note for whoever takes it. Raises `Missing` or `Conflict`."""
    contact = await lock_assigned(tx, agent_id, contact_id)
    await history.insert_note(tx, contact_id, agent_id, note, now)
    decision = lifecycle.transfer(contact, await find_queue(tx, queue_id), now)
    return Result(decision.state, await save_decisions(tx, [decision], now))
