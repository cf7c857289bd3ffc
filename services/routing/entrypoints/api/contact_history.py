"""A contact with everything that happened to it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.routing.adapters.db.desk import find_contact
from services.routing.entrypoints.api.commands import Commands, respond_json
from services.routing.entrypoints.api.fields import Need, Out, refusals
from shared.contracts.routing import HelpStep, ResolutionOutcome
from shared.contracts.values import AuthorityKind, Channel, MessageKind
from shared.http.auth import Caller, require
from shared.http.paging import DEFAULT, Limit
from shared.kernel.errors import Missing

NEVER_THEIRS = refusals({404: "There is no such contact, or it never was with this agent"})


class Message(Out):
    """One utterance. Of ours, `state` says what became of it, and `text` is null if a service wrote it."""

    message_id: UUID
    inbound: bool
    kind: MessageKind | None
    agent_id: str | None
    name: str
    subject: str
    text: str | None
    written_at: datetime
    state: str
    reason: str | None


class PastOffer(Out):
    """To whom it was offered, and what came of it."""

    offer_id: UUID
    agent_id: str
    queue_id: str
    state: str
    made_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    resolved_at: datetime | None
    ended_at: datetime | None


class Step(Out):
    """A step of HELP."""

    step_id: UUID
    agent_id: str
    step: HelpStep
    evidence: str
    recorded_at: datetime


class AgentNote(Out):
    """What one agent notes for the next."""

    note_id: UUID
    agent_id: str
    text: str
    written_at: datetime


class Action(Out):
    """Authority that was spent."""

    action_id: UUID
    agent_id: str
    kind: AuthorityKind
    amount: int
    currency: str
    limit: int
    taken_at: datetime


class Resolution(Out):
    """A claim, and how it was settled."""

    resolution_id: UUID
    agent_id: str
    queue_id: str
    outcome: ResolutionOutcome
    number: int
    claimed_at: datetime
    settled: str | None
    settled_at: datetime | None


class ContactWithHistory(Out):
    """A contact and everything that happened to it, oldest first; of its messages the newest.

    `next` is the `before` of the page of messages before these, null where there are none.
    """

    contact_id: UUID
    customer_id: UUID
    state: str
    channel: Channel
    topic: str
    language: str
    priority: int
    received_at: datetime
    promise_due_at: datetime | None
    name: str
    time_zone: str | None
    value_tier: str
    queue_id: str | None
    queued_at: datetime | None
    precedence: bool
    wrote_again: bool
    claims: int
    need: Need | None
    messages: list[Message]
    offers: list[PastOffer]
    help_steps: list[Step]
    notes: list[AgentNote]
    actions: list[Action]
    resolutions: list[Resolution]
    next: UUID | None


def contact_history_routes(commands: Commands) -> APIRouter:
    """What an agent may read of a contact."""
    routes = APIRouter(prefix="/v1/contacts/{contact_id}", tags=["work"])

    @routes.get("", response_model=ContactWithHistory, responses=NEVER_THEIRS)
    async def show_a_contact(
        contact_id: UUID,
        caller: Annotated[Caller, require("desk")],
        before: UUID | None = None,
        limit: Limit = DEFAULT,
    ) -> Response:
        """A contact with its history, for who holds it, held it or is offered it."""
        async with commands.database.connection() as tx:
            found = await find_contact(tx, contact_id, caller.subject, before, limit)
        if found is None:
            raise Missing("there is no such contact")
        return respond_json(found)

    return routes
