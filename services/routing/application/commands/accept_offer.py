"""An agent accepts an offer."""

from datetime import datetime
from uuid import UUID

from services.routing.adapters.db import agents
from services.routing.application.contact_changes import save_decisions
from services.routing.application.loading import lock_offered
from services.routing.domain.contact import lifecycle
from services.routing.domain.contact.model import Contact
from shared.database.database import Tx
from shared.messaging.outbox.use_case import Result


async def accept_offer(tx: Tx, agent_id: str, offer_id: UUID, now: datetime) -> Result[Contact]:
    """The offer becomes an assignment. Raises `Missing`, or `Conflict` when it is too late."""
    decision = lifecycle.accept(await lock_offered(tx, agent_id, offer_id), now)
    events = await save_decisions(tx, [decision], now)
    await agents.reset_missed(tx, agent_id)
    return Result(decision.state, events)
