"""An administrator defines an agent."""

from services.routing.adapters.db import agents
from services.routing.application.agent_changes import changed_agent
from services.routing.domain.agents.presence import keep_presence
from shared.contracts.routing import AgentChanged
from shared.database.database import Tx
from shared.messaging.outbox.use_case import Result


async def put_agent(tx: Tx, agent: AgentChanged) -> Result[AgentChanged]:
    """The agent as they now are. Raises `Conflict` if a slot that would go is held."""
    known = await agents.find(tx, agent.agent_id)
    await agents.put(tx, keep_presence(agent, known))
    return await changed_agent(tx, agent.agent_id)
