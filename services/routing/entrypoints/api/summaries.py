"""What an agent sees: the desk, and a contact with its history."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.routing.entrypoints.schemas import Need
from shared.contracts.routing import HelpStep, Presence, ResolutionOutcome
from shared.contracts.values import AuthorityKind, Channel, MessageKind


class Out(BaseModel):
    """Part of an answer. What is not listed here is not shown."""

    model_config = ConfigDict(extra="forbid")


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
    """What one agent told the next."""

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
    """A claim, and what the customer said of it."""

    resolution_id: UUID
    agent_id: str
    queue_id: str
    outcome: ResolutionOutcome
    number: int
    claimed_at: datetime
    settled: str | None
    settled_at: datetime | None


class ContactWithHistory(Out):
    """A contact and everything that happened to it, oldest first."""

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
