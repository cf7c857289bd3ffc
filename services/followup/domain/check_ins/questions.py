"""What is decided about a question: ask it, close it, show it, take its answer."""

from datetime import datetime
from typing import Final

from services.followup.domain.check_ins.model import (
    Answer,
    CheckIn,
    Contact,
    Question,
    Received,
    Scheduled,
    Sent,
    Settled,
    Waiting,
)
from services.followup.domain.check_ins.policy import Policy
from services.followup.domain.check_ins.transitions import (
    answered,
    scheduled,
    sent,
    skipped,
    unrefuted,
)
from shared.contracts.decision import Decision
from shared.contracts.followup import SkippedReason
from shared.kernel.errors import Conflict, Failure, Missing

UNKNOWN_LINK: Final = "the link is incomplete or not ours"


class Closed(Failure):
    """The question is no longer open: its time is over, or it was overtaken (410)."""

    kind = "gone"


def ask(check_in: CheckIn, contact: Contact, policy: Policy, now: datetime) -> Decision[CheckIn]:
    """The time to ask has come; in the customer's quiet hours it is deferred to their end."""
    match check_in.state, contact.received:
        case Scheduled() as due, Received() as received if not check_in.aftermath.word_owed:
            allowed_at = policy.allowed_from(now, received)
            if allowed_at > now:
                return scheduled(check_in, allowed_at)
            return sent(check_in, due, policy.closes_at(check_in.claim, received, now), now)
    raise Conflict("only a scheduled question can be asked, and only when no word is owed")


def close(check_in: CheckIn, now: datetime) -> Decision[CheckIn]:
    """The window closed without an answer; what the customer wrote instead was read before."""
    if not isinstance(check_in.state, Sent) or check_in.aftermath.word_owed:
        raise Conflict("only a question that was sent can close, and only when no word is owed")
    if check_in.aftermath.reopened:
        return skipped(check_in, check_in.state, SkippedReason.REOPENED, now)
    return unrefuted(check_in, check_in.state, now)


def answer(check_in: CheckIn, given: Answer, now: datetime) -> Decision[CheckIn]:
    """The customer answered. The same answer again changes nothing and is no error.

    Raises Closed after the window's end, Conflict for another answer than the one on record.
    """
    match check_in.state:
        case Sent() as asked if now < asked.closes_at:
            return answered(check_in, asked, given, now)
        case Settled(answer=Answer() as recorded) if recorded == given:
            return Decision(check_in)
        case Settled(answer=Answer()):
            raise Conflict("another answer is on record")
        case Waiting() | Scheduled():
            raise Missing("nothing was asked")
    raise Closed("the question is closed")


def behind_link(found: Question | None, link_ends_at: datetime, now: datetime) -> Question:
    """The question that a link of ours was signed for. Raises Missing, and Closed.

    One that is no longer kept was open once, for we signed the link.
    """
    if found is None and now >= link_ends_at:
        raise Closed("the question is closed")
    if found is None or isinstance(found.check_in.state, Waiting | Scheduled):
        raise Missing(UNKNOWN_LINK)
    return found


def can_be_shown(check_in: CheckIn, now: datetime) -> bool:
    """Whether its link shows anything: a question that is open, or the answer that was given."""
    match check_in.state:
        case Sent(closes_at=closes_at):
            return now < closes_at
        case Settled(answer=Answer()):
            return True
    return False
