"""Every decision follow-up takes: (what is known, what is new, now) -> what it is now, what to say.

Order between topics does not matter: facts are gathered first, and every open check-in is looked at
anew after each of them.
"""

from dataclasses import replace
from datetime import datetime

from services.followup.domain.model import (
    Answer,
    CheckIn,
    Claim,
    Contact,
    Decision,
    Received,
    Scheduled,
    Sent,
    Settled,
    Skipped,
    Waiting,
)
from services.followup.domain.policy import Policy
from services.followup.domain.transitions import answered, scheduled, sent, skipped, unrefuted
from shared.contracts.cloudevents import Incoming
from shared.contracts.event import Event
from shared.contracts.followup import SkippedReason
from shared.contracts.intake import ContactReceived, MessageFailed, MessageReceived
from shared.contracts.routing import ContactQueued, QueuedReason, ResolutionClaimed
from shared.contracts.values import MessageKind
from shared.kernel.errors import Conflict, Failure, Missing


class Closed(Failure):
    """The question is no longer open: its time is over, or it was overtaken (410)."""

    kind = "gone"


def is_news(event: Event) -> bool:
    """Whether the event can change anything here: most of a contact's life does not."""
    match event:
        case ContactReceived() | MessageReceived(automatic=False) | ResolutionClaimed():
            return True
        case ContactQueued(reason=QueuedReason.REOPENED) | MessageFailed(kind=MessageKind.CHECK_IN):
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
        case MessageReceived(automatic=False) as event:
            return _reopened(contact, event.received_at)
        case ContactQueued(reason=QueuedReason.REOPENED) as event:
            return _reopened(contact, event.queued_at)
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
        case Scheduled() as due, Received() as received:
            allowed_at = policy.allowed_from(now, received)
            if allowed_at > now:
                return scheduled(check_in, allowed_at)
            return sent(check_in, due, policy.closes_at(check_in.claim, received, now), now)
    raise Conflict("only a scheduled question can be asked")


def close(check_in: CheckIn, contact: Contact, now: datetime) -> Decision:
    """The window closed without an answer. Silence counts only if the customer was silent."""
    if not isinstance(check_in.state, Sent):
        raise Conflict("only a question that was sent can close")
    if _reopened_since(contact, check_in.claim):
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
    if isinstance(state, Settled | Skipped):
        return None
    reason = _reason_to_skip(check_in, contact, received)
    if reason:
        return skipped(check_in, state, reason, now)
    if isinstance(state, Waiting):
        return scheduled(check_in, policy.due_at(check_in.claim, received))
    return None


def _reason_to_skip(
    check_in: CheckIn, contact: Contact, received: Received
) -> SkippedReason | None:
    if not isinstance(check_in.state, Sent):
        if received.automatic:
            return SkippedReason.AUTOMATIC
        if _reopened_since(contact, check_in.claim):
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


def _reopened(contact: Contact, moment: datetime) -> Contact:
    return replace(contact, reopened_at=max(moment, contact.reopened_at or moment))


def _reopened_since(contact: Contact, claim: Claim) -> bool:
    return contact.reopened_at is not None and contact.reopened_at > claim.claimed_at


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
