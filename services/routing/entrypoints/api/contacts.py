"""The work: everything an agent does on a contact that is theirs."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.routing.adapters import store_desk
from services.routing.application.work import Work
from services.routing.domain.authority import Refused
from services.routing.domain.contact import Contact
from services.routing.entrypoints.commands import AgentCall, Commands, KeyedAgentCall, respond_json
from services.routing.entrypoints.desk_schemas import ContactWithHistory
from services.routing.entrypoints.schemas import (
    Acted,
    EscalateIn,
    HelpStepIn,
    Need,
    Recorded,
    Replied,
    ReplyIn,
    Resolved,
    ResolveIn,
    Stands,
    TransferIn,
    WroteAgainIn,
)
from services.routing.settings import Settings
from shared.contracts.routing import ActionTaken, ResolutionClaimed
from shared.http.answer import Answer, json_answer
from shared.http.auth import Caller, require
from shared.http.problems import problem
from shared.kernel.errors import Missing

Agent = Annotated[Caller, require("desk")]


def router(commands: Commands, settings: Settings) -> APIRouter:
    """What an agent does about a contact, and how they let go of it."""
    routes = APIRouter(prefix="/v1/contacts/{contact_id}", tags=["work"])
    _add_deeds(routes, commands)
    _add_ends(routes, commands, timedelta(seconds=settings.wrap_up_seconds))
    return routes


def _add_deeds(routes: APIRouter, commands: Commands) -> None:

    @routes.get("", response_model=ContactWithHistory)
    async def show_a_contact(contact_id: UUID, caller: Agent) -> Response:
        """A contact with its history, for who holds it, held it or is offered it."""
        async with commands.database.connection() as tx:
            found = await store_desk.contact(tx, contact_id, caller.subject)
        if found is None:
            raise Missing("there is no such contact")
        return respond_json(found)

    @routes.post("/replies", status_code=202, response_model=Replied)
    async def reply(contact_id: UUID, body: ReplyIn, call: AgentCall) -> Response:
        """Write to the customer; intake delivers it, and its state comes back into the history."""
        return await commands.do(
            call,
            lambda tx, now: Work(tx, call.agent_id, contact_id, now).reply(body.text),
            lambda message_id: json_answer(202, {"message_id": message_id}),
        )

    @routes.post("/help-steps", status_code=201, response_model=Recorded)
    async def record_a_help_step(contact_id: UUID, body: HelpStepIn, call: AgentCall) -> Response:
        """Note that you heard, empathised, led to a resolution or provided it. Never required."""
        step = body.step, body.evidence
        return await commands.do(
            call,
            lambda tx, now: Work(tx, call.agent_id, contact_id, now).record_step(*step),
            lambda step_id: json_answer(201, {"step_id": step_id}),
        )

    @routes.post("/actions", status_code=201, response_model=Acted)
    async def act(contact_id: UUID, body: Need, call: KeyedAgentCall) -> Response:
        """Grant it on your own authority; 403 with the limit and the way to escalate if it is more.

        It takes an `Idempotency-Key`, and is refused without one: a retry under the same key spends
        nothing more.
        """
        wanted = body.as_value()
        return await commands.do(
            call,
            lambda tx, now: Work(tx, call.agent_id, contact_id, now).act(wanted),
            lambda done: _acted(contact_id, done),
        )


def _add_ends(routes: APIRouter, commands: Commands, wrap_up: timedelta) -> None:

    @routes.post("/transfer", response_model=Stands)
    async def transfer(contact_id: UUID, body: TransferIn, call: AgentCall) -> Response:
        """Hand the contact to a queue."""
        to = body.queue_id, body.note
        return await commands.do(
            call, lambda tx, now: Work(tx, call.agent_id, contact_id, now).transfer(*to), _stands
        )

    @routes.post("/escalate", response_model=Stands)
    async def escalate(contact_id: UUID, body: EscalateIn, call: AgentCall) -> Response:
        """Hand the contact to somebody with more authority."""
        what = body.need.as_value() if body.need else None, body.note
        return await commands.do(
            call, lambda tx, now: Work(tx, call.agent_id, contact_id, now).escalate(*what), _stands
        )

    @routes.post("/resolve", response_model=Resolved)
    async def resolve(contact_id: UUID, body: ResolveIn, call: AgentCall) -> Response:
        """Claim that it is resolved; the customer will be asked. Wrap-up begins."""
        return await commands.do(
            call,
            lambda tx, now: Work(tx, call.agent_id, contact_id, now).resolve(body.outcome, wrap_up),
            _resolved,
        )

    @routes.post("/wrote-again", response_model=Stands)
    async def say_what_was_written(
        contact_id: UUID, body: WroteAgainIn, call: AgentCall
    ) -> Response:
        """Say of what the customer wrote after the claim: it is still open, or nothing new.

        Still open refutes the claim, and you go on; with nothing new the contact is as it was.
        """
        return await commands.do(
            call,
            lambda tx, now: Work(tx, call.agent_id, contact_id, now).review(body.verdict),
            _stands,
        )

    @routes.post("/wrap-up", response_model=Stands)
    async def end_the_wrap_up(contact_id: UUID, call: AgentCall) -> Response:
        """Be free of the contact before the wrap-up ends by itself."""
        return await commands.do(
            call, lambda tx, now: Work(tx, call.agent_id, contact_id, now).wrap_up(), _stands
        )


def _acted(contact_id: UUID, done: ActionTaken | Refused) -> Answer:
    if isinstance(done, Refused):
        escalate = f"/v1/contacts/{contact_id}/escalate"
        facts = {"reason": done.reason, "limit": done.limit, "escalate": escalate}
        text = f"this is beyond your authority: {done.reason}; escalate instead"
        return problem("denied", text, facts=facts)
    granted = {"kind": done.kind, "amount": done.amount, "currency": done.currency}
    return json_answer(201, {"action_id": done.action_id, **granted, "limit": done.limit})


def _stands(contact: Contact) -> Answer:
    stands = {"state": contact.state, "queue_id": contact.queue_id}
    return json_answer(200, {"contact_id": contact.contact_id, **stands})


def _resolved(claimed: ResolutionClaimed) -> Answer:
    claim = {"resolution_id": claimed.resolution_id, "number": claimed.number}
    return json_answer(200, {"contact_id": claimed.contact_id, **claim, "state": "wrapping"})
