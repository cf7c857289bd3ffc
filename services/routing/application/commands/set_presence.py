"""Agents come and go, whoever decided it."""

from datetime import datetime

from services.routing.adapters.db import agents
from services.routing.application.agent_changes import changed_agent
from shared.contracts.routing import AgentChanged, Presence
from shared.database.database import Tx
from shared.kernel.errors import Missing
from shared.messaging.outbox.use_case import Result


async def set_presence(
    tx: Tx, agent_id: str, presence: Presence, now: datetime
) -> Result[AgentChanged]:
    """From now on the agent is so. Open offers are withdrawn from who is not ready. Raises `Missing`.

    That is done by the job for what is due, which looks at every open offer: also at one that is
    being made now.
    """
    if not await agents.lock(tx, agent_id):
        raise Missing("there is no such agent")
    await agents.set_presence(tx, agent_id, presence, now)
    return await changed_agent(tx, agent_id)
