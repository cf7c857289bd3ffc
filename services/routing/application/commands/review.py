"""An agent says what the customer wrote after a claim."""

from datetime import datetime
from uuid import UUID

from services.routing.application.contact_changes import save_decisions
from services.routing.application.loading import lock_held
from services.routing.domain.contact import lifecycle
from services.routing.domain.contact.model import Contact
from shared.contracts.routing import ReviewVerdict
from shared.database.database import Tx
from shared.messaging.outbox.use_case import Result


async def review(
    tx: Tx, agent_id: str, contact_id: UUID, now: datetime, *, verdict: ReviewVerdict
) -> Result[Contact]:
    """It is still open, or nothing new. Raises `Missing`, or `Conflict` where no word is owed."""
    contact = await lock_held(tx, agent_id, contact_id)
    decision = lifecycle.review(contact, verdict, now)
    return Result(decision.state, await save_decisions(tx, [decision], now))
