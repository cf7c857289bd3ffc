"""An agent writes to the customer."""

from datetime import datetime
from uuid import UUID

from services.routing.adapters.db import messages
from services.routing.application.loading import lock_assigned
from services.routing.domain.contact.messages import requested
from shared.contracts.cloudevents import Outgoing
from shared.contracts.routing import MessagePersonal, MessageRequested
from shared.contracts.values import MessageKind
from shared.database.database import Tx
from shared.kernel.ids import new_id
from shared.messaging.outbox.use_case import Result


async def reply(
    tx: Tx, agent_id: str, contact_id: UUID, now: datetime, *, text: str
) -> Result[UUID]:
    """The id of the message, which intake delivers. Raises `Missing` or `Conflict`."""
    contact = await lock_assigned(tx, agent_id, contact_id)
    written = MessageRequested(
        contact_id=contact_id,
        message_id=new_id(),
        kind=MessageKind.REPLY,
        requested_at=now,
        personal=MessagePersonal(text=text),
        agent_id=agent_id,
    )
    await messages.save(tx, [requested(written)])
    return Result(written.message_id, [Outgoing(written, trace=contact.trace)])
