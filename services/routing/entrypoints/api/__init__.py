"""All routes of routing; here those of the centre's administration: queues and agents."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Response

from services.routing.adapters import store_agents, store_queues
from services.routing.adapters.wakeups import Wakeups
from services.routing.application import centre
from services.routing.entrypoints import desk, work
from services.routing.entrypoints.commands import Commands, respond_json
from services.routing.entrypoints.schemas import (
    Agent,
    AgentIn,
    Agents,
    Queue,
    QueueIn,
    Queues,
    Slug,
)
from services.routing.settings import Settings
from shared.contracts.routing import AgentChanged
from shared.http.auth import require
from shared.kernel.errors import Missing

QueueId = Annotated[Slug, Path()]
AgentId = Annotated[Slug, Path()]


def routers(commands: Commands, bells: Wakeups, settings: Settings) -> list[APIRouter]:
    """Every route of the service."""
    return [
        admin(commands),
        desk.router(commands, bells, settings),
        work.router(commands, settings),
    ]


def admin(commands: Commands) -> APIRouter:
    """Queues and agents, defined whole."""
    routes = APIRouter(
        prefix="/v1", dependencies=[require("routing.admin")], tags=["administration"]
    )
    database = commands.database

    @routes.put("/queues/{queue_id}", response_model=Queue)
    async def define_a_queue(queue_id: QueueId, queue: QueueIn) -> Response:
        """Define a queue; contacts that found no queue so far are placed."""
        async with database.transaction() as tx:
            found = await centre.put_queue(tx, queue.as_event(queue_id), commands.clock.now())
        return respond_json(found)

    @routes.get("/queues/{queue_id}", response_model=Queue)
    async def show_a_queue(queue_id: QueueId) -> Response:
        """A queue as it is, with its forecast."""
        async with database.connection() as tx:
            found = await store_queues.find(tx, queue_id)
        if found is None:
            raise Missing("there is no such queue")
        return respond_json(found)

    @routes.get("/queues", response_model=Queues)
    async def list_queues() -> Response:
        """All queues."""
        async with database.connection() as tx:
            return respond_json({"queues": await store_queues.all_queues(tx)})

    @routes.put("/agents/{agent_id}", response_model=Agent)
    async def define_an_agent(agent_id: AgentId, agent: AgentIn) -> Response:
        """Define an agent; 409 if they hold more contacts than the new capacity allows."""
        defined = agent.as_event(agent_id, commands.clock.now())
        async with database.transaction() as tx:
            found = await centre.put_agent(tx, defined)
        return respond_json(_shown(found))

    @routes.get("/agents/{agent_id}", response_model=Agent)
    async def show_an_agent(agent_id: AgentId) -> Response:
        """An agent as they are."""
        async with database.connection() as tx:
            found = await store_agents.find(tx, agent_id)
        if found is None:
            raise Missing("there is no such agent")
        return respond_json(_shown(found))

    @routes.get("/agents", response_model=Agents)
    async def list_agents() -> Response:
        """All agents."""
        async with database.connection() as tx:
            return respond_json({"agents": list(map(_shown, await store_agents.all_agents(tx)))})

    return routes


def _shown(agent: AgentChanged) -> dict[str, Any]:
    """As it was defined: the name beside the rest."""
    card: dict[str, Any] = msgspec.to_builtins(agent)
    del card["personal"]
    return {**card, "name": agent.personal.name}
