"""Contacts: everything an agent does on one that is theirs."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel

from services.routing.application.commands.end_wrap_up import end_wrap_up
from services.routing.application.commands.escalate import escalate
from services.routing.application.commands.record_help_step import record_help_step
from services.routing.application.commands.reply import reply
from services.routing.application.commands.resolve import resolve
from services.routing.application.commands.review import review
from services.routing.application.commands.take_action import take_action
from services.routing.application.commands.transfer import transfer
from services.routing.domain.agents.authority import Refused
from services.routing.domain.contact.model import Contact
from services.routing.entrypoints.api.commands import AgentCall, Commands, KeyedAgentCall
from services.routing.entrypoints.api.fields import In, Line, Need, Note, Slug, Text, refusals
from services.routing.settings import Settings
from shared.contracts import values
from shared.contracts.routing import (
    ActionTaken,
    HelpStep,
    RefusedReason,
    ResolutionOutcome,
    ReviewVerdict,
)
from shared.http.problems import problem
from shared.http.response import HttpResponse, json_response

NOT_THEIRS = refusals(
    {
        404: "There is no such contact, or it never was with this agent",
        409: "The contact is with the agent no longer, or in a state that does not allow it",
    }
)
NOT_THEIRS_OR_NO_QUEUE = refusals({404: "There is no such contact, or no such queue"})
BEYOND_AUTHORITY = refusals(
    {
        403: "It is beyond the agent's authority: `limit` is what one action may grant now, `left_today` what is"
        " left of the day's budget, `escalate` the way out",
        422: "The request is wrong, or has no `Idempotency-Key`, or the key of another request",
    }
)


WHY_BEYOND: Mapping[RefusedReason, str] = {
    RefusedReason.NO_AUTHORITY: "you have none for a {kind} in {currency}",
    RefusedReason.EXPIRED: "yours for a {kind} in {currency} has expired",
    RefusedReason.OVER_LIMIT: "{asked} {currency} were asked and one action may grant {limit} now,"
    " in minor units such as cents",
    RefusedReason.OVER_BUDGET: "{asked} {currency} were asked and {left_today} are left today,"
    " in minor units such as cents",
}


class ReplyIn(In):
    """What is written to the customer."""

    text: Text


class HelpStepIn(In):
    """A step of HELP, with what shows it."""

    step: HelpStep
    evidence: Line = ""


class TransferIn(In):
    """The queue that takes over, and a note for whoever does."""

    queue_id: Slug
    note: Note = ""


class EscalateIn(In):
    """What authority it takes, if that is the reason, and a note."""

    need: Need | None = None
    note: Note = ""


class ResolveIn(In):
    """What the agent claims."""

    outcome: ResolutionOutcome


class WroteAgainIn(In):
    """What the customer's message after the claim is."""

    verdict: ReviewVerdict


class Stands(BaseModel):
    """How a contact stands after what was done."""

    contact_id: UUID
    state: str
    queue_id: str | None = None


class Replied(BaseModel):
    """The message is on its way; its delivery state will be in the contact's history."""

    message_id: UUID


class Recorded(BaseModel):
    """The step is on record."""

    step_id: UUID


class Acted(Need):
    """The action stands in the ledger; `limit` is what was allowed."""

    action_id: UUID
    limit: int


class Resolved(BaseModel):
    """The claim, the contact's `number`th; wrap-up has begun."""

    contact_id: UUID
    resolution_id: UUID
    number: int
    state: str


def contact_routes(commands: Commands, settings: Settings) -> APIRouter:
    """What an agent does about a contact, and how they let go of it."""
    routes = APIRouter(prefix="/v1/contacts/{contact_id}", tags=["work"], responses=NOT_THEIRS)
    _add_work(routes, commands)
    _add_hand_overs(routes, commands)
    _add_ends(routes, commands, timedelta(seconds=settings.wrap_up_seconds))
    return routes


def _add_work(routes: APIRouter, commands: Commands) -> None:

    @routes.post("/replies", status_code=202, response_model=Replied)
    async def reply_to_the_customer(contact_id: UUID, body: ReplyIn, call: AgentCall) -> Response:
        """Write to the customer; intake delivers it, and its state comes back into the history."""
        return await commands.respond(
            call,
            lambda tx, now: reply(tx, call.agent_id, contact_id, now, text=body.text),
            lambda message_id: json_response(202, {"message_id": message_id}),
        )

    @routes.post("/help-steps", status_code=201, response_model=Recorded)
    async def record_a_help_step(contact_id: UUID, body: HelpStepIn, call: AgentCall) -> Response:
        """Note that you heard, empathised, led to a resolution or provided it. Never required."""
        step, evidence = body.step, body.evidence
        return await commands.respond(
            call,
            lambda tx, now: record_help_step(
                tx, call.agent_id, contact_id, now, step=step, evidence=evidence
            ),
            lambda step_id: json_response(201, {"step_id": step_id}),
        )

    @routes.post("/actions", status_code=201, response_model=Acted, responses=BEYOND_AUTHORITY)
    async def act(contact_id: UUID, body: Need, call: KeyedAgentCall) -> Response:
        """Grant it on your own authority; 403 with the limit and the way to escalate if it is more.

        It takes an `Idempotency-Key`, and is refused without one: a retry under the same key spends
        nothing more.
        """
        wanted = body.as_value()
        return await commands.respond(
            call,
            lambda tx, now: take_action(tx, call.agent_id, contact_id, now, wanted=wanted),
            lambda outcome: _acted(contact_id, wanted, outcome),
        )


def _add_hand_overs(routes: APIRouter, commands: Commands) -> None:

    @routes.post("/transfer", response_model=Stands, responses=NOT_THEIRS_OR_NO_QUEUE)
    async def transfer_to_a_queue(contact_id: UUID, body: TransferIn, call: AgentCall) -> Response:
        """Hand the contact to a queue."""
        to, note = body.queue_id, body.note
        return await commands.respond(
            call,
            lambda tx, now: transfer(tx, call.agent_id, contact_id, now, queue_id=to, note=note),
            _stands,
        )

    @routes.post("/escalate", response_model=Stands)
    async def escalate_the_contact(contact_id: UUID, body: EscalateIn, call: AgentCall) -> Response:
        """Hand the contact to somebody with more authority."""
        need = body.need.as_value() if body.need else None
        return await commands.respond(
            call,
            lambda tx, now: escalate(tx, call.agent_id, contact_id, now, need=need, note=body.note),
            _stands,
        )


def _add_ends(routes: APIRouter, commands: Commands, wrap_up: timedelta) -> None:

    @routes.post("/resolve", response_model=Resolved)
    async def claim_a_resolution(contact_id: UUID, body: ResolveIn, call: AgentCall) -> Response:
        """Claim that it is resolved; the customer will be asked. Wrap-up begins."""
        return await commands.respond(
            call,
            lambda tx, now: resolve(
                tx, call.agent_id, contact_id, now, outcome=body.outcome, wrap_up=wrap_up
            ),
            _resolved,
        )

    @routes.post("/wrote-again", response_model=Stands)
    async def say_what_was_written(
        contact_id: UUID, body: WroteAgainIn, call: AgentCall
    ) -> Response:
        """Say of what the customer wrote after the claim: it is still open, or nothing new.

        Still open refutes the claim, and you go on; with nothing new the contact is as it was.
        """
        return await commands.respond(
            call,
            lambda tx, now: review(tx, call.agent_id, contact_id, now, verdict=body.verdict),
            _stands,
        )

    @routes.post("/wrap-up", response_model=Stands)
    async def end_the_wrap_up(contact_id: UUID, call: AgentCall) -> Response:
        """Be free of the contact before the wrap-up ends by itself."""
        return await commands.respond(
            call, lambda tx, now: end_wrap_up(tx, call.agent_id, contact_id, now), _stands
        )


def _acted(contact_id: UUID, wanted: values.Need, outcome: ActionTaken | Refused) -> HttpResponse:
    if isinstance(outcome, Refused):
        amounts = {"limit": outcome.limit, "left_today": outcome.left_today}
        escalation = f"/v1/contacts/{contact_id}/escalate"
        facts = {"reason": outcome.reason, **amounts, "escalate": escalation}
        why = WHY_BEYOND[outcome.reason].format(
            **amounts, kind=wanted.kind, asked=wanted.amount, currency=wanted.currency
        )
        text = f"this is beyond your authority: {why}; escalate instead"
        return problem("denied", text, facts=facts)
    granted = {"kind": outcome.kind, "amount": outcome.amount, "currency": outcome.currency}
    return json_response(201, {"action_id": outcome.action_id, **granted, "limit": outcome.limit})


def _stands(contact: Contact) -> HttpResponse:
    stands = {"state": contact.state, "queue_id": contact.queue_id}
    return json_response(200, {"contact_id": contact.contact_id, **stands})


def _resolved(contact: Contact) -> HttpResponse:
    claim = {"resolution_id": contact.resolution_id, "number": contact.claims}
    return json_response(200, {"contact_id": contact.contact_id, **claim, "state": "wrapping"})
