"""Events that routing publishes: who may, who was offered, who took, what was done and claimed."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from shared.contracts import topics
from shared.contracts.event import Event, event
from shared.contracts.values import (
    Amount,
    Authority,
    AuthorityKind,
    Channel,
    Count,
    Currency,
    Language,
    Level,
    Line,
    MessageKind,
    Name,
    Need,
    Personal,
    Priority,
    Seconds,
    Slug,
    Text,
    Time,
    WholeSeconds,
)


class Presence(StrEnum):
    """Whether an agent can be offered work."""

    READY = "ready"
    AWAY = "away"
    OFFLINE = "offline"


class QueuedReason(StrEnum):
    """Why a contact (again) waits in a queue."""

    RECEIVED = "received"
    TRANSFERRED = "transferred"
    ESCALATED = "escalated"
    REOPENED = "reopened"
    WROTE_AGAIN = "wrote_again"
    OVERFLOWED = "overflowed"


class OfferOutcome(StrEnum):
    """How an offer ended that nobody accepted."""

    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class AssignmentOutcome(StrEnum):
    """How an agent's work on a contact ended."""

    RESOLVED = "resolved"
    TRANSFERRED = "transferred"
    ESCALATED = "escalated"
    NOTHING_NEW = "nothing_new"


class PassedOver(StrEnum):
    """Why an agent was not chosen, in the order in which it is asked."""

    PRESENCE = "presence"
    SKILL = "skill"
    LANGUAGE = "language"
    AUTHORITY = "authority"
    CAPACITY = "capacity"
    DECLINED = "declined"
    LESS_FIT = "less_fit"


class HelpStep(StrEnum):
    """Hear, empathise, lead to resolution, provide responsible action."""

    HEAR = "hear"
    EMPATHISE = "empathise"
    LEAD = "lead"
    PROVIDE = "provide"


class ResolutionOutcome(StrEnum):
    """What the agent claims; honest advice is a good outcome."""

    SOLVED = "solved"
    ADVICE = "advice"
    ELSEWHERE = "elsewhere"
    NOT_FOR_YOU = "not_for_you"


class ReviewVerdict(StrEnum):
    """What an agent says of a message that the customer wrote after a claimed resolution."""

    STILL_OPEN = "still_open"
    NOTHING_NEW = "nothing_new"


class RefusedReason(StrEnum):
    """Why an action was refused."""

    NO_AUTHORITY = "no_authority"
    OVER_LIMIT = "over_limit"
    OVER_BUDGET = "over_budget"
    EXPIRED = "expired"


class QueueTopic(msgspec.Struct, frozen=True, kw_only=True):
    """A topic that a queue takes, and the need its contacts have unless the publisher states one.

    The topic `*` takes whatever no other queue takes.
    """

    topic: str
    need: Need | None = None
    priority: Priority | None = None


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """How long a contact that arrives now waits for an agent: median and 80th percentile."""

    wait_seconds_p50: Seconds
    wait_seconds_p80: Seconds
    waiting: Count
    agents_ready: Count
    as_of: Time


class AgentPersonal(Personal, frozen=True, kw_only=True):
    """Who an agent is."""

    name: Name = ""


class MessagePersonal(Personal, frozen=True, kw_only=True):
    """What is written to a customer."""

    text: Text
    subject: Line = ""


class HelpEvidence(Personal, frozen=True, kw_only=True):
    """What an agent points to when recording a step; it may quote the customer."""

    evidence: Line = ""


@event("rapport.queue.changed.v1", topics.QUEUES, subject="queue_id")
class QueueChanged(Event, frozen=True, kw_only=True):
    """A queue as it now is, whole."""

    queue_id: Slug
    name: Annotated[Name, msgspec.Meta(description="What the queue is called.")]
    topics: tuple[QueueTopic, ...]
    languages: tuple[Language, ...]
    skills: dict[str, Level]
    service_target_seconds: WholeSeconds
    offer_timeout_seconds: WholeSeconds
    rank: int
    forecast: Forecast | None = None
    overflow_queue_id: Annotated[
        Slug | None,
        msgspec.Meta(
            description="Where a contact goes that everybody able declines again and again."
        ),
    ] = None


@event("rapport.agent.changed.v1", topics.AGENTS, subject="agent_id")
class AgentChanged(Event, frozen=True, kw_only=True):
    """An agent as they now are, whole.

    For readers outside Rapport.
    """

    agent_id: Slug
    presence: Presence
    skills: dict[str, Level]
    languages: tuple[Language, ...]
    capacity: dict[Channel, Count]
    authorities: tuple[Authority, ...]
    changed_at: Time
    personal: AgentPersonal


@event("rapport.contact.queued.v1", topics.ASSIGNMENTS, subject="contact_id")
class ContactQueued(Event, frozen=True, kw_only=True):
    """A contact waits in a queue. `rule` says in words why this queue."""

    contact_id: UUID
    queue_id: Slug
    reason: QueuedReason
    priority: Priority
    rule: Line
    queued_at: Time
    service_target_seconds: WholeSeconds
    need: Need | None = None


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An agent who was considered. `passed_over` null marks the one who was chosen."""

    agent_id: Slug
    passed_over: PassedOver | None = None


@event("rapport.offer.made.v1", topics.ASSIGNMENTS, subject="contact_id")
class OfferMade(Event, frozen=True, kw_only=True):
    """An agent is reserved for a contact, and why this one.

    `candidates` names at most 20 agents, the chosen one first; `passed_over` counts all of them.
    For readers outside Rapport.
    """

    contact_id: UUID
    offer_id: UUID
    agent_id: Slug
    queue_id: Slug
    made_at: Time
    expires_at: Time
    candidates: Annotated[tuple[Candidate, ...], msgspec.Meta(max_length=20)]
    passed_over: dict[PassedOver, Count]


@event("rapport.offer.closed.v1", topics.ASSIGNMENTS, subject="contact_id")
class OfferClosed(Event, frozen=True, kw_only=True):
    """An offer ended without an assignment; the contact keeps its place.

    For readers outside Rapport.
    """

    contact_id: UUID
    offer_id: UUID
    agent_id: Slug
    outcome: OfferOutcome
    closed_at: Time


@event("rapport.assignment.started.v1", topics.ASSIGNMENTS, subject="contact_id")
class AssignmentStarted(Event, frozen=True, kw_only=True):
    """The agent accepted; `assignment_id` is the id of the offer."""

    contact_id: UUID
    assignment_id: UUID
    agent_id: Slug
    queue_id: Slug
    channel: Channel
    started_at: Time


@event("rapport.assignment.ended.v1", topics.ASSIGNMENTS, subject="contact_id")
class AssignmentEnded(Event, frozen=True, kw_only=True):
    """The agent is free of the contact, wrap-up included."""

    contact_id: UUID
    assignment_id: UUID
    agent_id: Slug
    outcome: AssignmentOutcome
    worked_seconds: Seconds
    wrap_up_seconds: Seconds
    ended_at: Time


@event("rapport.help_step.recorded.v1", topics.ASSIGNMENTS, subject="contact_id")
class HelpStepRecorded(Event, frozen=True, kw_only=True):
    """An agent noted a step of HELP, with what shows it.

    For readers outside Rapport.
    """

    contact_id: UUID
    agent_id: Slug
    step: HelpStep
    recorded_at: Time
    personal: HelpEvidence


@event("rapport.action.taken.v1", topics.ASSIGNMENTS, subject="contact_id")
class ActionTaken(Event, frozen=True, kw_only=True):
    """Authority was spent on a contact and stands in the ledger; `limit` is what was allowed."""

    contact_id: UUID
    action_id: UUID
    agent_id: Slug
    kind: AuthorityKind
    amount: Amount
    currency: Currency
    limit: Amount
    taken_at: Time


@event("rapport.action.refused.v1", topics.ASSIGNMENTS, subject="contact_id")
class ActionRefused(Event, frozen=True, kw_only=True):
    """An agent asked for more than their authority; nothing was spent."""

    contact_id: UUID
    agent_id: Slug
    kind: AuthorityKind
    amount: Amount
    currency: Currency
    reason: RefusedReason
    refused_at: Time


@event("rapport.resolution.claimed.v1", topics.ASSIGNMENTS, subject="contact_id")
class ResolutionClaimed(Event, frozen=True, kw_only=True):
    """The agent says it is resolved. `number` counts the claims of this contact, from 1.

    `assignments` counts the agents' turns it took so far: 1 means the first person resolved it.
    """

    contact_id: UUID
    resolution_id: UUID
    customer_id: UUID
    agent_id: Slug
    queue_id: Slug
    outcome: ResolutionOutcome
    number: Count
    assignments: Count
    claimed_at: Time


@event("rapport.contact.reviewed.v1", topics.ASSIGNMENTS, subject="contact_id")
class ContactReviewed(Event, frozen=True, kw_only=True):
    """An agent read what the customer wrote after a claimed resolution, and says what it is.

    Still open refutes the claim, and the contact goes on with precedence; with nothing new it is
    where it was before, and the claim is left to the customer to confirm or to refute.
    """

    contact_id: UUID
    resolution_id: UUID
    agent_id: Slug
    verdict: ReviewVerdict
    reviewed_at: Time


@event("rapport.message.requested.v1", topics.DELIVERIES, subject="contact_id")
class MessageRequested(Event, frozen=True, kw_only=True):
    """Somebody wrote to the customer: intake delivers it once per `message_id`.

    Said by routing (an agent's reply) and by followup (a check-in).
    """

    contact_id: UUID
    message_id: UUID
    kind: MessageKind
    requested_at: Time
    personal: MessagePersonal
    agent_id: Slug | None = None
