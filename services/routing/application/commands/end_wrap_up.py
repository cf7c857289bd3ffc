"""An agent is done with a contact that they resolved."""

from datetime import datetime
from uuid import UUID

from services.routing.application.contact_changes import save_decisions
from services.routing.application.loading import lock_held
from services.routing.domain.contact import lifecycle
from services.routing.domain.contact.model import Contact
from shared.database.database import Tx
from shared.messaging.outbox.use_case import Result


async def end_wrap_up(tx: Tx, agent_id: str, contact_id: UUID, now: datetime) -> Result[Contact]:
    """The agent is free of it. Raises `Missing`, or `Conflict` if it is not in wrap-up."""
    contact = await lock_held(tx, agent_id, contact_id)
    decision = lifecycle.end_wrap_up(contact, now)
    return Result(decision.state, await save_decisions(tx, [decision], now))
