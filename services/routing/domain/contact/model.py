"""A contact as routing knows it, with the one offer that is live; and the states of both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.routing.domain.agents.decline_pauses import Declined
from shared.contracts.trace_context import TraceContext
from shared.contracts.values import Channel, Need


class ContactState(StrEnum):
    """Where a contact stands. Recorded: automatic mail, which nobody answers. Unplaced: no queue yet."""

    RECORDED = "recorded"
    UNPLACED = "unplaced"
    WAITING = "waiting"
    OFFERED = "offered"
    ASSIGNED = "assigned"
    RESOLVED = "resolved"
    CLOSED = "closed"


class OfferState(StrEnum):
    """Where an offer stands. The first three are live: they hold a slot of the agent."""

    OPEN = "open"
    ACCEPTED = "accepted"
    WRAPPING = "wrapping"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    RESOLVED = "resolved"
    TRANSFERRED = "transferred"
    ESCALATED = "escalated"
    NOTHING_NEW = "nothing_new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An agent reserved for a contact, in a slot for as long as it is live; accepted, an assignment.

    `authority_limit` is what the agent could grant when it was made, if the contact has a need.
    """

    offer_id: UUID
    contact_id: UUID
    agent_id: str
    queue_id: str
    channel: Channel
    state: OfferState
    slot: int | None
    queued_at: datetime
    made_at: datetime
    expires_at: datetime
    need: Need | None = None
    authority_limit: int | None = None
    accepted_at: datetime | None = None
    resolved_at: datetime | None = None
    wrap_up_ends_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One need of one customer. `offer` is the live one, or the one that this transaction ended.

    `received_at` and `promise_due_at` never change: they are its place in line for as long as it lives.
    `assignments` counts agents' turns, `claims` resolutions; `resolution_id` is the last claim.
    `returns_to` is set while the customer wrote after that claim and no agent has said yet what it
    is: the state it goes back to if it is nothing new.
    `declines` are by agent: of the offers since it last came into a queue by somebody's decision.
    """

    contact_id: UUID
    customer_id: UUID
    channel: Channel
    topic: str
    language: str
    value_tier: str
    priority: int
    received_at: datetime
    state: ContactState
    promise_due_at: datetime | None = None
    need: Need | None = None
    queue_id: str | None = None
    queued_at: datetime | None = None
    precedence: bool = False
    preferred_agent: str | None = None
    declines: Mapping[str, Declined] = field(default_factory=dict)
    excluded: frozenset[str] = frozenset()
    assignments: int = 0
    claims: int = 0
    resolution_id: UUID | None = None
    returns_to: ContactState | None = None
    trace: TraceContext | None = None
    offer: Offer | None = None

    @property
    def declined(self) -> frozenset[str]:
        """Who left it to others."""
        return frozenset(self.declines)
