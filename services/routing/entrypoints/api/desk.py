"""The desk: what is offered to the agent who calls, what they work on, and whether they are there."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from services.routing.adapters.db.desk import find_desk
from services.routing.application import signals
from services.routing.application.commands.set_presence import set_presence
from services.routing.entrypoints.api.commands import Commands, respond_json
from services.routing.entrypoints.api.fields import In, Need, Out, Responses, refusals
from shared.contracts.routing import Presence
from shared.contracts.values import Channel
from shared.database.database import Database
from shared.http.auth import Caller, require
from shared.http.stream import event_stream
from shared.jobs.signals import Signals
from shared.kernel.errors import Missing

LOOK_SECONDS = 30.0
"""A signal may be lost with its connection; the desk is looked at this often anyway."""

STREAM: Responses = {
    200: {
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'event: desk\ndata: {"agent_id": "ana", "presence": "ready", "offers": [],'
                ' "assignments": []}\n\nevent: bye\ndata: stopping; connect again\n',
            }
        }
    }
}
NO_DESK = refusals({404: "There is no such agent"})

AgentCaller = Annotated[Caller, require("desk")]


class PresenceIn(In):
    """Whether work can be offered."""

    presence: Presence


class Summary(Out):
    """A contact in short; `messages` counts what the customer wrote, the last at `newest_at`.

    `wrote_again`: the customer wrote after the last claim, and an agent has to say what that is.
    """

    channel: Channel
    topic: str
    language: str
    priority: int
    received_at: datetime
    promise_due_at: datetime | None
    precedence: bool
    wrote_again: bool
    claims: int
    name: str
    subject: str
    need: Need | None
    messages: int
    newest_at: datetime | None


class _Held(Out):
    contact_id: UUID
    queue_id: str
    contact: Summary


class OpenOffer(_Held):
    """A contact that waits for this agent's word until `expires_at`."""

    offer_id: UUID
    made_at: datetime
    expires_at: datetime


class Assignment(_Held):
    """A contact this agent works on (`accepted`) or has just resolved (`wrapping`)."""

    assignment_id: UUID
    state: str
    accepted_at: datetime
    wrap_up_ends_at: datetime | None


class Desk(Out):
    """Everything on an agent's desk."""

    agent_id: str
    presence: Presence
    offers: list[OpenOffer]
    assignments: list[Assignment]


def desk_routes(commands: Commands, listener: Signals) -> APIRouter:
    """What an agent sees, and whether they are there."""
    routes = APIRouter(prefix="/v1/desk", tags=["desk"])
    database = commands.database

    @routes.get("", response_model=Desk, responses=NO_DESK)
    async def show_the_desk(caller: AgentCaller) -> Response:
        """Presence, open offers and live assignments."""
        return respond_json(await look(database, caller.subject))

    @routes.get("/events", response_class=EventSourceResponse, responses=STREAM | NO_DESK)
    async def follow_the_desk(request: Request, caller: AgentCaller) -> Response:
        """Server-sent events `desk`: the whole desk, at once and whenever it changes; then `bye`, or `expired` with the token."""
        await look(database, caller.subject)
        return event_stream(request, follow(database, listener, caller.subject), caller)

    @routes.put("/presence", response_model=Desk, responses=NO_DESK)
    async def be_present(presence: PresenceIn, caller: AgentCaller) -> Response:
        """Say whether work can be offered; open offers are withdrawn from who is not ready."""
        await commands.execute(
            lambda tx, now: set_presence(tx, caller.subject, presence.presence, now)
        )
        return respond_json(await look(database, caller.subject))

    return routes


async def look(database: Database, agent_id: str) -> dict[str, Any]:
    """The agent's desk. Raises `Missing`."""
    async with database.connection() as tx:
        found = await find_desk(tx, agent_id)
    if found is None:
        raise Missing("there is no such agent")
    return found


async def follow(
    database: Database, listener: Signals, agent_id: str
) -> AsyncIterator[ServerSentEvent]:
    """The whole desk, at once and whenever it changes: nothing can be missed by who reconnects."""
    shown = b""
    with listener.subscribe(signals.desk(agent_id)) as signal:
        while True:
            found = msgspec.json.encode(await look(database, agent_id))
            if found != shown:
                yield ServerSentEvent(event="desk", data=found.decode())
                shown = found
            await signal.wait(LOOK_SECONDS)
