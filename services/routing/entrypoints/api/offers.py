"""Offers: an agent accepts or declines."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel

from services.routing.application.commands.accept_offer import accept_offer
from services.routing.application.commands.decline_offer import decline_offer
from services.routing.domain.agents.decline_pauses import Pauses
from services.routing.domain.contact.model import Contact
from services.routing.entrypoints.api.commands import AgentCall, Commands
from services.routing.entrypoints.api.fields import In, Note, refusals
from services.routing.settings import Settings
from shared.database.database import Tx
from shared.http.response import HttpResponse, json_response
from shared.messaging.outbox.use_case import Result

NO_OFFER = refusals(
    {
        404: "No such offer was made to this agent",
        409: "It is too late; `reason` says what became of the offer",
    }
)


class DeclineIn(In):
    """Why the offer is left to somebody else, for the next one to read."""

    reason: Note = ""


class Offered(BaseModel):
    """How an offer stands after an answer; accepted, its id is the assignment's."""

    offer_id: UUID
    contact_id: UUID
    state: str


def offer_routes(commands: Commands, settings: Settings) -> APIRouter:
    """What an agent does about being offered work."""
    routes = APIRouter(prefix="/v1/offers/{offer_id}", tags=["desk"])
    pauses = Pauses.of_seconds(
        settings.decline_pause_seconds, settings.longest_decline_pause_seconds
    )

    @routes.post("/accept", response_model=Offered, responses=NO_OFFER)
    async def accept(offer_id: UUID, call: AgentCall) -> Response:
        """Take the offered contact; 409 with the reason when it is too late."""
        return await commands.respond(
            call, lambda tx, now: accept_offer(tx, call.agent_id, offer_id, now), _offered
        )

    @routes.post("/decline", response_model=Offered, responses=NO_OFFER)
    async def decline(offer_id: UUID, call: AgentCall, body: DeclineIn | None = None) -> Response:
        """Leave the offered contact to somebody else, with a word why."""
        why = body.reason if body else ""

        async def command(tx: Tx, now: datetime) -> Result[Contact]:
            return await decline_offer(tx, call.agent_id, offer_id, now, why=why, pauses=pauses)

        return await commands.respond(call, command, _offered)

    return routes


def _offered(contact: Contact) -> HttpResponse:
    offer = contact.offer
    stands = {"offer_id": offer.offer_id, "state": offer.state} if offer else {}
    return json_response(200, {**stands, "contact_id": contact.contact_id})
