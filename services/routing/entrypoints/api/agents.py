"""Agents: defined whole by administrators."""

from datetime import datetime
from typing import Annotated, Any, Self

import msgspec
from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field, model_validator

from services.routing.adapters.db import agents
from services.routing.application.commands.put_agent import put_agent
from services.routing.entrypoints.api.commands import Commands, respond_json
from services.routing.entrypoints.api.fields import (
    Authority,
    In,
    Language,
    Name,
    Skills,
    Slots,
    Slug,
    refusals,
)
from shared.contracts import routing
from shared.contracts.routing import AgentChanged, Presence
from shared.contracts.values import Channel
from shared.http.auth import require
from shared.http.paging import DEFAULT, After, Limit
from shared.kernel.errors import Missing

AgentId = Annotated[Slug, Path()]
NO_AGENT = refusals({404: "There is no such agent"})
SLOT_HELD = refusals({409: "The agent holds more contacts than the new capacity allows"})


class AgentIn(In):
    """An agent as they are to be; presence is theirs to say."""

    name: Name
    skills: Skills = Field({})
    languages: Annotated[tuple[Language, ...], Field(max_length=100)] = ()
    capacity: dict[Channel, Slots] = Field({})
    authorities: Annotated[tuple[Authority, ...], Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        kinds = [(each.kind, each.currency) for each in self.authorities]
        if len(set(kinds)) < len(kinds):
            raise ValueError("an agent has at most one authority of a kind and currency")
        if any(each.expires_at and each.expires_at.tzinfo is None for each in self.authorities):
            raise ValueError("expires_at must carry its zone")
        return self

    def as_event(self, agent_id: str, now: datetime) -> AgentChanged:
        card = self.model_dump(mode="json")
        personal = routing.AgentPersonal(name=card.pop("name"))
        head = {"agent_id": agent_id, "presence": Presence.OFFLINE, "changed_at": now}
        agent = msgspec.convert({**card, **head, "personal": {}}, AgentChanged)
        return msgspec.structs.replace(agent, personal=personal)


class Agent(AgentIn):
    """An agent as they are."""

    agent_id: str
    presence: Presence
    changed_at: datetime


class Agents(BaseModel):
    """A page of the agents, by id; `next` is the `after` of the next page, null on the last."""

    agents: list[Agent]
    next: str | None


def agent_routes(commands: Commands) -> APIRouter:
    """Which agents there are."""
    routes = APIRouter(
        prefix="/v1/agents", dependencies=[require("routing.admin")], tags=["administration"]
    )
    database = commands.database

    @routes.put("/{agent_id}", response_model=Agent, responses=SLOT_HELD)
    async def define_an_agent(agent_id: AgentId, agent: AgentIn) -> Response:
        """Define an agent; 409 if they hold more contacts than the new capacity allows."""
        defined = agent.as_event(agent_id, commands.clock.now())
        return respond_json(_shown(await commands.execute(lambda tx, _: put_agent(tx, defined))))

    @routes.get("/{agent_id}", response_model=Agent, responses=NO_AGENT)
    async def show_an_agent(agent_id: AgentId) -> Response:
        """An agent as they are."""
        async with database.connection() as tx:
            found = await agents.find(tx, agent_id)
        if found is None:
            raise Missing("there is no such agent")
        return respond_json(_shown(found))

    @routes.get("", response_model=Agents)
    async def list_agents(after: After = "", limit: Limit = DEFAULT) -> Response:
        """The agents, by id."""
        async with database.connection() as tx:
            found = await agents.page(tx, after, limit)
        last = found[-1].agent_id if len(found) == limit else None
        return respond_json({"agents": list(map(_shown, found)), "next": last})

    return routes


def _shown(agent: AgentChanged) -> dict[str, Any]:
    """As it was defined: the name beside the rest."""
    card: dict[str, Any] = msgspec.to_builtins(agent)
    del card["personal"]
    return {**card, "name": agent.personal.name}
