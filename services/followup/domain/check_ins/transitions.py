"""The steps a check-in can take, each with its events; when they may be taken is decided elsewhere."""

from dataclasses import replace
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from services.followup.domain.check_ins.model import (
    Answer,
    CheckIn,
    Open,
    Scheduled,
    Sent,
    Settled,
    Skipped,
    StillOpen,
)
from shared.contracts.decision import Decision
from shared.contracts.followup import (
    AnswerPersonal,
    CheckInAnswered,
    CheckInScheduled,
    CheckInSent,
    CheckInSkipped,
    ResolutionConfirmed,
    ResolutionRefuted,
    ResolutionUnrefuted,
    SkippedReason,
)


class _Which(TypedDict):
    contact_id: UUID
    check_in_id: UUID
    resolution_id: UUID


class _Whose(TypedDict):
    contact_id: UUID
    resolution_id: UUID
    agent_id: str


def scheduled(check_in: CheckIn, due_at: datetime) -> Decision[CheckIn]:
    """The customer will be asked at `due_at`."""
    event = CheckInScheduled(due_at=due_at, **_which(check_in))
    return Decision(replace(check_in, state=Scheduled(due_at)), (event,))


def sent(
    check_in: CheckIn, was: Scheduled, closes_at: datetime, now: datetime
) -> Decision[CheckIn]:
    """The customer is asked now."""
    message_id = check_in.message_id
    event = CheckInSent(message_id=message_id, sent_at=now, closes_at=closes_at, **_which(check_in))
    state = Sent(due_at=was.due_at, message_id=message_id, sent_at=now, closes_at=closes_at)
    return Decision(replace(check_in, state=state), (event,))


def skipped(
    check_in: CheckIn, was: Open, reason: SkippedReason, now: datetime
) -> Decision[CheckIn]:
    """The customer is not asked, or no longer."""
    event = CheckInSkipped(reason=reason, skipped_at=now, **_which(check_in))
    state = Skipped(was=was, reason=reason, skipped_at=now)
    return Decision(replace(check_in, state=state), (event,))


def answered(check_in: CheckIn, was: Sent, given: Answer, now: datetime) -> Decision[CheckIn]:
    """The customer confirms or refutes the resolution."""
    event = CheckInAnswered(
        agent_id=check_in.claim.agent_id,
        solved=given.solved,
        csat=given.csat,
        answered_at=now,
        personal=AnswerPersonal(comment=given.comment),
        **_which(check_in),
    )
    outcome = ResolutionConfirmed if given.solved else ResolutionRefuted
    settled = outcome(settled_at=now, **_whose(check_in))
    state = Settled(sent=was, settled_at=now, answer=given)
    return Decision(replace(check_in, state=state), (event, settled))


def still_open(check_in: CheckIn, was: Open, now: datetime) -> Decision[CheckIn]:
    """What the customer wrote refutes the resolution: they are not asked about it any more."""
    not_asked = CheckInSkipped(reason=SkippedReason.REOPENED, skipped_at=now, **_which(check_in))
    refuted = ResolutionRefuted(settled_at=now, **_whose(check_in))
    state = StillOpen(was=was, settled_at=now)
    return Decision(replace(check_in, state=state), (not_asked, refuted))


def prolonged(check_in: CheckIn, was: Sent, closes_at: datetime) -> Decision[CheckIn]:
    """An answer counts for longer than the letter says; nobody needs to know."""
    return Decision(replace(check_in, state=replace(was, closes_at=closes_at)))


def unrefuted(check_in: CheckIn, was: Sent, now: datetime) -> Decision[CheckIn]:
    """The customer did not answer, and silence is recorded as silence."""
    event = ResolutionUnrefuted(settled_at=now, **_whose(check_in))
    state = Settled(sent=was, settled_at=now, answer=None)
    return Decision(replace(check_in, state=state), (event,))


def _which(check_in: CheckIn) -> _Which:
    claim = check_in.claim
    return {
        "contact_id": claim.contact_id,
        "check_in_id": check_in.check_in_id,
        "resolution_id": claim.resolution_id,
    }


def _whose(check_in: CheckIn) -> _Whose:
    claim = check_in.claim
    return {
        "contact_id": claim.contact_id,
        "resolution_id": claim.resolution_id,
        "agent_id": claim.agent_id,
    }
