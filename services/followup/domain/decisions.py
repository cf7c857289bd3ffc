"""Every decision follow-up takes: (what is known, what is new, now) -> what it is now, what to say.

Order between topics does not matter: facts are gathered first, and every open check-in is looked at
anew after each of them.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from services.followup.domain.model import (
    Answer,
    CheckIn,
    Claim,
    Contact,
    Decision,
    Open,
    Received,
    Scheduled,
    Sent,
    Settled,
    Skipped,
    StillOpen,
    Waiting,
)
from services.followup.domain.policy import Policy
from services.followup.domain.transitions import (
    answered,
    prolonged,
    scheduled,
    sent,
    skipped,
    still_open,
    unrefuted,
)
from shared.contracts.cloudevents import Incoming
from shared.contracts.event import Event
from shared.contracts.followup import SkippedReason
from shared.contracts.intake import ContactReceived, MessageFailed
from shared.contracts.routing import (
    ContactQueued,
    ContactReviewed,
    QueuedReason,
    ResolutionClaimed,
    ReviewVerdict,
)
from shared.contracts.values import MessageKind
from shared.kernel.errors import Conflict, Failure, Missing


class Closed(Failure):
    """The question is no longer open: its time is over, or it was overtaken (410)."""

    kind = "gone"


def is_news(event: Event) -> bool:
    """Whether the event can change anything here: most of a contact's life does not."""
    match event:
        case ContactReceived() | ResolutionClaimed() | ContactReviewed():
            return True
        case ContactQueued(reason=QueuedReason.REOPENED | QueuedReason.WROTE_AGAIN):
            return True
        case MessageFailed(kind=MessageKind.CHECK_IN):
            return True
    return False


def hear(
    contact: Contact, heard: Incoming[Event], policy: Policy, now: datetime
) -> tuple[Contact, list[Decision]]:
    """Learn from an event about this contact, and decide again what is open."""
    known = learn(contact, heard)
    decisions = _undelivered(known, heard.data, now) or review(known, policy, now)
    return _with(known, decisions), decisions


def learn(contact: Contact, heard: Incoming[Event]) -> Contact:
    """The facts with one more; facts that are no news change nothing."""
    match heard.data:
        case ContactReceived() as event:
            return replace(contact, received=_received(event, heard))
        case ContactQueued(reason=QueuedReason.REOPENED):
            return _of_last_claim(contact, reopened=True)
        case ContactQueued(reason=QueuedReason.WROTE_AGAIN):
            return _of_last_claim(contact, word_owed=True)
        case ContactReviewed() as event:
            return _reviewed(contact, event)
        case ResolutionClaimed() as event:
            return _claimed(contact, event)
    return contact


def review(contact: Contact, policy: Policy, now: datetime) -> list[Decision]:
    """Schedule what can be scheduled, skip what need not be asked any more.

    Nothing is decided before it is known whose contact it is: the answer could be another one.
    """
    received = contact.received
    if received is None:
        return []
    looked_at = [_look_at(one, contact, received, policy, now) for one in contact.check_ins]
    return [decision for decision in looked_at if decision]


def ask(check_in: CheckIn, contact: Contact, policy: Policy, now: datetime) -> Decision:
    """The time to ask has come; in the customer's quiet hours it is put off to their end."""
    match check_in.state, contact.received:
        case Scheduled() as due, Received() as received if not check_in.aftermath.word_owed:
            allowed_at = policy.allowed_from(now, received)
            if allowed_at > now:
                return scheduled(check_in, allowed_at)
            return sent(check_in, due, policy.closes_at(check_in.claim, received, now), now)
    raise Conflict("only a scheduled question can be asked, and only when no word is owed")


def close(check_in: CheckIn, now: datetime) -> Decision:
    """The window closed without an answer; what the customer wrote instead was read before."""
    if not isinstance(check_in.state, Sent) or check_in.aftermath.word_owed:
        raise Conflict("only a question that was sent can close, and only when no word is owed")
    if check_in.aftermath.reopened:
        return skipped(check_in, check_in.state, SkippedReason.REOPENED, now)
    return unrefuted(check_in, check_in.state, now)


def answer(check_in: CheckIn, given: Answer, now: datetime) -> Decision:
    """The customer answered. The same answer again is no news and no error.

    Raises Closed after the window's end, Conflict for another answer than the one on record.
    """
    match check_in.state:
        case Sent() as asked if now < asked.closes_at:
            return answered(check_in, asked, given, now)
        case Settled(answer=Answer() as recorded) if recorded == given:
            return Decision(check_in, ())
        case Settled(answer=Answer()):
            raise Conflict("another answer is on record")
        case Waiting() | Scheduled():
            raise Missing("nothing was asked")
    raise Closed("the question is closed")


def _look_at(
    check_in: CheckIn, contact: Contact, received: Received, policy: Policy, now: datetime
) -> Decision | None:
    state = check_in.state
    if isinstance(state, Settled | StillOpen | Skipped):
        return None
    reason = _reason_to_skip(check_in, contact, received)
    if check_in.aftermath.still_open and reason is not SkippedReason.AUTOMATIC:
        return still_open(check_in, state, now)
    if reason:
        return skipped(check_in, state, reason, now)
    return _put_in_time(check_in, state, received, policy)


def _put_in_time(
    check_in: CheckIn, state: Open, received: Received, policy: Policy
) -> Decision | None:
    """A question that waits gets its time; after nothing new the time begins anew, never sooner."""
    claim, anew_at = check_in.claim, check_in.aftermath.nothing_new_at
    due_at = policy.due_at(claim, received, anew_at)
    match state:
        case Waiting():
            return scheduled(check_in, due_at)
        case Scheduled() if anew_at and due_at > state.due_at:
            return scheduled(check_in, due_at)
        case Sent() if anew_at:
            closes_at = policy.closes_at(claim, received, anew_at)
            return prolonged(check_in, state, closes_at) if closes_at > state.closes_at else None
    return None


def _reason_to_skip(
    check_in: CheckIn, contact: Contact, received: Received
) -> SkippedReason | None:
    if not isinstance(check_in.state, Sent):
        if received.automatic:
            return SkippedReason.AUTOMATIC
        if check_in.aftermath.reopened:
            return SkippedReason.REOPENED
    if any(other.claim.number > check_in.claim.number for other in contact.check_ins):
        return SkippedReason.SUPERSEDED
    return None


def _undelivered(contact: Contact, event: Event, now: datetime) -> list[Decision]:
    if not isinstance(event, MessageFailed):
        return []
    return [
        skipped(check_in, check_in.state, SkippedReason.UNDELIVERABLE, now)
        for check_in in contact.check_ins
        if isinstance(check_in.state, Sent) and check_in.state.message_id == event.message_id
    ]


def _received(event: ContactReceived, heard: Incoming[Event]) -> Received:
    return Received(
        customer_id=event.customer_id,
        channel=event.channel,
        language=event.language,
        time_zone=event.time_zone,
        value_tier=event.value_tier,
        automatic=event.automatic,
        trace=heard.trace,
    )


def _of_last_claim(contact: Contact, **known: Any) -> Contact:
    """Routing tells of it after the claim it is about and before the next one."""
    last = max(contact.check_ins, key=lambda one: one.claim.number, default=None)
    return _with_aftermath(contact, last, **known) if last else contact


def _reviewed(contact: Contact, event: ContactReviewed) -> Contact:
    of = (one for one in contact.check_ins if one.claim.resolution_id == event.resolution_id)
    about = next(of, None)
    if about is None:
        return contact
    if event.verdict is ReviewVerdict.STILL_OPEN:
        return _with_aftermath(contact, about, word_owed=False, still_open=True)
    return _with_aftermath(contact, about, word_owed=False, nothing_new_at=event.reviewed_at)


def _with_aftermath(contact: Contact, about: CheckIn, **known: Any) -> Contact:
    """The contact with what is new about a claim; a check-in that has ended never changes again."""
    if isinstance(about.state, Settled | StillOpen | Skipped):
        return contact
    told = replace(about, aftermath=replace(about.aftermath, **known))
    check_ins = tuple(told if one is about else one for one in contact.check_ins)
    return replace(contact, check_ins=check_ins)


def _claimed(contact: Contact, event: ResolutionClaimed) -> Contact:
    if any(known.claim.resolution_id == event.resolution_id for known in contact.check_ins):
        return contact
    claim = Claim(
        resolution_id=event.resolution_id,
        contact_id=event.contact_id,
        agent_id=event.agent_id,
        queue_id=event.queue_id,
        number=event.number,
        claimed_at=event.claimed_at,
    )
    return replace(contact, check_ins=(*contact.check_ins, CheckIn(claim)))


def _with(contact: Contact, decisions: list[Decision]) -> Contact:
    changed = {decision.check_in.check_in_id: decision.check_in for decision in decisions}
    check_ins = tuple(changed.get(known.check_in_id, known) for known in contact.check_ins)
    return replace(contact, check_ins=check_ins)
