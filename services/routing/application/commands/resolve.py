"""An agent claims that a contact is resolved."""

from datetime import datetime, timedelta
from uuid import UUID

from services.routing.adapters.db import resolutions
from services.routing.application.contact_changes import save_decisions
from services.routing.application.loading import lock_assigned
from services.routing.domain.contact import lifecycle
from services.routing.domain.contact.model import Contact
from shared.contracts.routing import ResolutionOutcome
from shared.database.database import Tx
from shared.kernel.ids import new_id
from shared.messaging.outbox.use_case import Result


async def resolve(
    tx: Tx,
    agent_id: str,
    contact_id: UUID,
    now: datetime,
    *,
    outcome: ResolutionOutcome,
    wrap_up: timedelta,
) -> Result[Contact]:
    """The claim is the contact's last; wrap-up begins. Raises `Missing` or `Conflict`."""
    contact = await lock_assigned(tx, agent_id, contact_id)
    decision = lifecycle.resolve(contact, outcome, new_id(), now, wrap_up)
    events = await save_decisions(tx, [decision], now)
    await resolutions.insert(tx, decision.state, agent_id, outcome, now)
    return Result(decision.state, events)
