"""An agent declines an offer."""

from datetime import datetime
from uuid import UUID

from services.routing.adapters.db import agents, history, queues
from services.routing.application.contact_changes import save_decisions
from services.routing.application.loading import lock_offered
from services.routing.application.overflow_warning import log_if_nobody_is_left
from services.routing.domain.agents.decline_pauses import Pauses
from services.routing.domain.contact import lifecycle
from services.routing.domain.contact.model import Contact
from shared.contracts.routing import OfferOutcome
from shared.database.database import Tx
from shared.messaging.outbox.use_case import Result


async def decline_offer(
    tx: Tx, agent_id: str, offer_id: UUID, now: datetime, *, why: str, pauses: Pauses = Pauses()
) -> Result[Contact]:
    """Leave the offered contact to somebody else, who may read why.

    Raises `Missing`, or `Conflict` when it is too late.
    """
    contact = await lock_offered(tx, agent_id, offer_id)
    queue_id = contact.queue_id or ""
    overflow = await queues.find_overflow(tx, [queue_id])
    decision = lifecycle.leave_to_others(
        contact, OfferOutcome.DECLINED, overflow.get(queue_id), now, pauses
    )
    events = await save_decisions(tx, [decision], now)
    await history.insert_note(tx, contact.contact_id, agent_id, why, now)
    await agents.reset_missed(tx, agent_id)
    log_if_nobody_is_left([decision], pauses)
    return Result(decision.state, events)
