"""What follow-up knows of a contact, and the states a check-in can be in."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from shared.contracts.followup import SkippedReason
from shared.contracts.trace_context import TraceContext
from shared.contracts.values import Channel
from shared.kernel.ids import stable_id

MAX_COMMENT = 5_000


class Outcome(StrEnum):
    """What became of a claimed resolution: the customer answered, or left it in silence."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNREFUTED = "unrefuted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A resolution as an agent claimed it; `number` counts the claims of its contact, from 1."""

    resolution_id: UUID
    contact_id: UUID
    agent_id: str
    queue_id: str
    number: int
    claimed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The customer's own word; a comment has at most `MAX_COMMENT` characters."""

    solved: bool
    csat: int | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What happened after a claim and before the next one.

    `word_owed`: the customer wrote, and no agent has said yet what that is. `nothing_new_at`: when an
    agent last said so. `still_open`: what an agent said. `reopened`: it was refuted some other way.
    """

    word_owed: bool = False
    nothing_new_at: datetime | None = None
    still_open: bool = False
    reopened: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """Claimed, but its contact is not known yet."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """The customer will be asked."""

    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The customer was asked and may answer until, not at, `closes_at`."""

    due_at: datetime
    message_id: UUID
    sent_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The end: answered, or closed without a word (`answer` None). Never changes again."""

    sent: Sent
    settled_at: datetime
    answer: Answer | None

    @property
    def outcome(self) -> Outcome:
        if self.answer is None:
            return Outcome.UNREFUTED
        return Outcome.CONFIRMED if self.answer.solved else Outcome.REFUTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """The end without an outcome; `was` is how far it had come. Never changes again."""

    was: "Open"
    reason: SkippedReason
    skipped_at: datetime


@dataclass(frozen=True, slots=True)
class StillOpen:
    """The end: refuted by what the customer wrote, an agent says. Never changes again."""

    was: "Open"
    settled_at: datetime


Open: TypeAlias = Waiting | Scheduled | Sent
State: TypeAlias = Open | Settled | StillOpen | Skipped


@dataclass(frozen=True, slots=True)
class CheckIn:
    """One claimed resolution and whether the customer says so too: one check-in per resolution."""

    claim: Claim
    state: State = field(default_factory=Waiting)
    aftermath: Aftermath = Aftermath()

    @property
    def check_in_id(self) -> UUID:
        """Derived, so that a replay finds the same check-in."""
        return stable_id("check-in", str(self.claim.resolution_id))

    @property
    def message_id(self) -> UUID:
        """Derived, so that the question goes out once whoever repeats what."""
        return stable_id("check-in-message", str(self.claim.resolution_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What `rapport.contact.received.v1` says of a contact, and the trace it came with."""

    customer_id: UUID
    channel: Channel
    language: str
    time_zone: str
    value_tier: str
    automatic: bool
    trace: TraceContext | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """All that follow-up knows of one contact, in whichever order topics were consumed.

    One that has expired is known by its id alone.
    """

    contact_id: UUID
    received: Received | None = None
    check_ins: tuple[CheckIn, ...] = ()
    expired: bool = False

    @property
    def trace(self) -> TraceContext | None:
        """The trace that began with this contact, where there is one."""
        return self.received.trace if self.received else None


@dataclass(frozen=True, slots=True)
class Question:
    """A check-in as it is put to a customer: with its contact, and the customer's name if it is known."""

    check_in: CheckIn
    contact: Contact
    name: str = ""

    @property
    def language(self) -> str | None:
        """The customer's own; None while the contact is not known."""
        return self.contact.received.language if self.contact.received else None
