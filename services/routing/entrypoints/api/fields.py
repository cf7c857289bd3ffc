"""What the api takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts import routing, values
from shared.contracts.routing import (
    AgentChanged,
    HelpStep,
    Presence,
    QueueChanged,
    ResolutionOutcome,
    ReviewVerdict,
)
from shared.contracts.values import AuthorityKind, Channel

_PLAIN = r"^[^\x00]*$"
Slug = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
TopicName = Annotated[str, Field(pattern=r"^(\*|[a-z0-9][a-z0-9_.-]{0,63})$")]
Language = Annotated[str, Field(min_length=2, max_length=3, pattern=r"^[a-z]{2,3}$")]
Name = Annotated[str, Field(max_length=200, pattern=_PLAIN)]
Line = Annotated[str, Field(max_length=998, pattern=_PLAIN)]
Text = Annotated[str, Field(min_length=1, max_length=100_000, pattern=_PLAIN)]
Note = Annotated[str, Field(max_length=10_000, pattern=_PLAIN)]
Level = Annotated[int, Field(ge=1, le=5)]
Seconds = Annotated[int, Field(ge=1, le=2_592_000)]
Slots = Annotated[int, Field(ge=0, le=100)]
Amount = Annotated[int, Field(ge=1, le=10**12, description="In minor units, such as cents.")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217.")]
Skills = Annotated[
    dict[Slug, Level], Field(max_length=100, json_schema_extra={"additionalProperties": False})
]


class In(BaseModel):
    """A request; an unknown field is an error, so that a misspelt one is seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Need(In):
    """The authority that resolving a contact takes; also an action to be taken."""

    kind: AuthorityKind
    amount: Amount
    currency: Currency

    def as_value(self) -> values.Need:
        return values.Need(kind=self.kind, amount=self.amount, currency=self.currency)


class Authority(In):
    """What an agent may grant alone: up to `limit` an action and `daily_budget` a day (UTC)."""

    kind: AuthorityKind
    limit: Amount
    daily_budget: Amount
    currency: Currency
    expires_at: Annotated[datetime | None, Field(description="With its zone.")] = None


class QueueTopic(In):
    """A topic that a queue takes (`*`: any), and what its contacts need unless stated."""

    topic: TopicName
    need: Need | None = None
    priority: Annotated[int | None, Field(ge=1, le=9, description="1 is the most urgent.")] = None


class QueueIn(In):
    """A queue as it is to be. No languages: it speaks all. The lowest rank is asked first."""

    name: Name
    topics: Annotated[tuple[QueueTopic, ...], Field(max_length=200)]
    languages: Annotated[tuple[Language, ...], Field(max_length=100)] = ()
    skills: Skills = {}
    service_target_seconds: Seconds
    offer_timeout_seconds: Seconds = 30
    rank: Annotated[int, Field(ge=0, le=1_000_000)] = 100
    overflow_queue_id: Annotated[
        Slug | None,
        Field(description="Where a contact goes that everybody able declines again and again."),
    ] = None

    def as_event(self, queue_id: str) -> QueueChanged:
        return msgspec.convert({**self.model_dump(mode="json"), "queue_id": queue_id}, QueueChanged)


class AgentIn(In):
    """An agent as they are to be; presence is theirs to say."""

    name: Name
    skills: Skills = {}
    languages: Annotated[tuple[Language, ...], Field(max_length=100)] = ()
    capacity: dict[Channel, Slots] = {}
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


class PresenceIn(In):
    """Whether work can be offered."""

    presence: Presence


class DeclineIn(In):
    """Why the offer is left to somebody else, for the next one to read."""

    reason: Note = ""


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


class Queue(QueueIn):
    """A queue as it is."""

    queue_id: str
    forecast: dict[str, Any] | None = None


class Queues(BaseModel):
    """All queues, by id."""

    queues: list[Queue]


class Agent(AgentIn):
    """An agent as they are."""

    agent_id: str
    presence: Presence
    changed_at: datetime


class Agents(BaseModel):
    """All agents, by id."""

    agents: list[Agent]


class Offered(BaseModel):
    """How an offer stands after an answer; accepted, its id is the assignment's."""

    offer_id: UUID
    contact_id: UUID
    state: str


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
