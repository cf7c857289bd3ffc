"""The desk: presence, offers and assignments of the agent who calls."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from services.routing.adapters import store_desk, wakeups
from services.routing.adapters.wakeups import Wakeups
from services.routing.application import answer
from services.routing.application.presence import change_presence
from services.routing.domain.contact import Contact
from services.routing.domain.declining import Pauses
from services.routing.entrypoints.commands import AgentCall, Commands, respond_json
from services.routing.entrypoints.desk_schemas import Desk
from services.routing.entrypoints.schemas import DeclineIn, Offered, PresenceIn
from services.routing.settings import Settings
from shared.database.database import Database, Tx
from shared.http.answer import Answer, json_answer
from shared.http.auth import Caller, require
from shared.http.stream import event_stream
from shared.kernel.errors import Missing

LOOK_SECONDS = 30.0
"""A wake-up may be lost with its connection; the desk is looked at this often anyway."""

NO_DESK: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such agent"}}

Agent = Annotated[Caller, require("desk")]


def router(commands: Commands, bells: Wakeups, settings: Settings) -> APIRouter:
    """What an agent does about being offered work."""
    routes = APIRouter(prefix="/v1", tags=["desk"])
    database = commands.database
    pauses = Pauses.of_seconds(
        settings.decline_pause_seconds, settings.longest_decline_pause_seconds
    )

    @routes.get("/desk", response_model=Desk, responses=NO_DESK)
    async def show_the_desk(caller: Agent) -> Response:
        """Presence, open offers and live assignments."""
        return respond_json(await look(database, caller.subject))

    @routes.get("/desk/events", response_class=EventSourceResponse, responses=NO_DESK)
    async def follow_the_desk(request: Request, caller: Agent) -> Response:
        """Server-sent events `desk`: the whole desk, at once and whenever it changes; then `bye`."""
        await look(database, caller.subject)
        return event_stream(request, follow(database, bells, caller.subject))

    @routes.put("/desk/presence", response_model=Desk, responses=NO_DESK)
    async def be_present(presence: PresenceIn, caller: Agent) -> Response:
        """Say whether work can be offered; open offers are withdrawn from who is not ready."""
        async with database.transaction() as tx:
            await change_presence(tx, caller.subject, presence.presence, commands.clock.now())
        return respond_json(await look(database, caller.subject))

    @routes.post("/offers/{offer_id}/accept", response_model=Offered)
    async def accept(offer_id: UUID, call: AgentCall) -> Response:
        """Take the offered contact; 409 with the reason when it is too late."""
        return await commands.do(
            call, lambda tx, now: answer.accept(tx, call.agent_id, offer_id, now), _answered
        )

    @routes.post("/offers/{offer_id}/decline", response_model=Offered)
    async def decline(offer_id: UUID, call: AgentCall, body: DeclineIn | None = None) -> Response:
        """Leave the offered contact to somebody else, with a word why."""
        why = body.reason if body else ""

        async def work(tx: Tx, now: datetime) -> Contact:
            return await answer.decline(tx, call.agent_id, offer_id, why, now, pauses=pauses)

        return await commands.do(call, work, _answered)

    return routes


async def look(database: Database, agent_id: str) -> dict[str, Any]:
    """The agent's desk. Raises `Missing`."""
    async with database.connection() as tx:
        found = await store_desk.desk(tx, agent_id)
    if found is None:
        raise Missing("there is no such agent")
    return found


async def follow(
    database: Database, bells: Wakeups, agent_id: str
) -> AsyncIterator[ServerSentEvent]:
    """The whole desk, at once and whenever it changes: nothing can be missed by who reconnects."""
    shown = b""
    with bells.bell(wakeups.desk(agent_id)) as bell:
        while True:
            found = msgspec.json.encode(await look(database, agent_id))
            if found != shown:
                yield ServerSentEvent(event="desk", data=found.decode())
                shown = found
            await bell.wait(LOOK_SECONDS)


def _answered(contact: Contact) -> Answer:
    offer = contact.offer
    stands = {"offer_id": offer.offer_id, "state": offer.state} if offer else {}
    return json_answer(200, {**stands, "contact_id": contact.contact_id})
