"""Agents come and go: said whole on `rapport.agents`, whoever decided it."""

from datetime import datetime

import msgspec

from services.routing.adapters import store_agents, wakeups
from shared.contracts.cloudevents import Outgoing
from shared.contracts.routing import AgentChanged, Presence
from shared.database.database import Tx
from shared.kernel.errors import Missing
from shared.messaging.outbox import outbox


async def change_presence(tx: Tx, agent_id: str, presence: Presence, now: datetime) -> AgentChanged:
    """From now on the agent is so. Offers that were open are withdrawn from who is not ready.

    That is done by the timers, which look at every open offer: also at one that is being made now.
    Raises `Missing`.
    """
    if not await store_agents.hold(tx, agent_id):
        raise Missing("there is no such agent")
    await store_agents.set_presence(tx, agent_id, presence, now)
    return await tell_of_agent(tx, agent_id)


async def tell_of_agent(tx: Tx, agent_id: str) -> AgentChanged:
    """Publish the agent as they now are, and wake who has to know. Raises `Missing`."""
    agent = await store_agents.find(tx, agent_id)
    if agent is None:
        raise Missing("there is no such agent")
    await outbox.append(tx, [Outgoing(agent)])
    bells = (wakeups.DISPATCH, wakeups.TIMERS, wakeups.desk(agent_id))
    await wakeups.ring(tx, bells)
    return agent


def as_defined(agent: AgentChanged, known: AgentChanged | None) -> AgentChanged:
    """The definition with the presence the agent has; who is new is offline."""
    presence = known.presence if known else Presence.OFFLINE
    return msgspec.structs.replace(agent, presence=presence)
