"""How every change of an agent ends: published whole on `rapport.agents`, and others woken."""

from services.routing.adapters.db import agents
from services.routing.application import signals
from shared.contracts.cloudevents import Outgoing
from shared.contracts.routing import AgentChanged
from shared.database.database import Tx
from shared.jobs.signals import notify
from shared.kernel.errors import Missing
from shared.messaging.outbox.use_case import Result
from shared.observability import tracing


async def changed_agent(tx: Tx, agent_id: str) -> Result[AgentChanged]:
    """The agent as they now are. Raises `Missing`."""
    agent = await agents.find(tx, agent_id)
    if agent is None:
        raise Missing("there is no such agent")
    await notify(tx, signals.of_agent(agent_id))
    return Result(agent, [Outgoing(agent, trace=tracing.current())])
