"""What a consumed event changes about a contact's check-ins: one decision per event.

Each learns one fact and then looks again at every open check-in. That way the order between topics
does not matter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.followup.domain.check_ins.model import (
    CheckIn,
    Claim,
    Contact,
    Open,
    Received,
    Scheduled,
    Sent,
    Settled,
    Skipped,
    StillOpen,
    Waiting,
)
from services.followup.domain.check_ins.policy import Policy
from services.followup.domain.check_ins.transitions import (
    prolonged,
    scheduled,
    skipped,
    still_open,
)
from shared.contracts.cloudevents import Incoming
from shared.contracts.decision import Decision
from shared.contracts.event import Event
from shared.contracts.followup import SkippedReason
from shared.contracts.intake import ContactExpired, ContactReceived, MessageFailed
from shared.contracts.routing import (
    ContactQueued,
    ContactReviewed,
    QueuedReason,
    ResolutionClaimed,
    ReviewVerdict,
)
from shared.contracts.values import MessageKind


@dataclass(frozen=True, slots=True)
class Scene:
    """What a decision needs beside the contact and the event."""

    policy: Policy
    now: datetime


def is_relevant(event: Event) -> bool:
    """Whether an event of a type that is consumed can change a check-in.

    Most contacts are queued once and most messages are no check-ins: these need not be loaded.
    """
    match event:
        case ContactQueued(reason=reason):
            return reason in (QueuedReason.REOPENED, QueuedReason.WROTE_AGAIN)
        case MessageFailed(kind=kind):
            return kind is MessageKind.CHECK_IN
    return True


def contact_received(
    contact: Contact, event: Incoming[ContactReceived], scene: Scene
) -> Decision[Contact] | None:
    """It is known whose contact it is: check-ins that waited for that get their time."""
    data = event.data
    received = Received(
        customer_id=data.customer_id,
        channel=data.channel,
        language=data.language,
        time_zone=data.time_zone,
        value_tier=data.value_tier,
        automatic=data.automatic,
        trace=event.trace,
    )
    return _review(contact, replace(contact, received=received), scene)


def resolution_claimed(
    contact: Contact, event: Incoming[ResolutionClaimed], scene: Scene
) -> Decision[Contact] | None:
    """There is a claim to check; it takes the place of an earlier one."""
    data = event.data
    if any(known.claim.resolution_id == data.resolution_id for known in contact.check_ins):
        return None
    claim = Claim(
        resolution_id=data.resolution_id,
        contact_id=data.contact_id,
        agent_id=data.agent_id,
        queue_id=data.queue_id,
        number=data.number,
        claimed_at=data.claimed_at,
    )
    check_ins = (*contact.check_ins, CheckIn(claim))
    return _review(contact, replace(contact, check_ins=check_ins), scene)


def contact_queued(
    contact: Contact, event: Incoming[ContactQueued], scene: Scene
) -> Decision[Contact] | None:
    """After its last claim the contact was reopened, or the customer wrote again.

    Routing publishes this after the claim it is about and before the next one.
    """
    last = max(contact.check_ins, key=lambda one: one.claim.number, default=None)
    match event.data.reason:
        case QueuedReason.REOPENED:
            return _review(contact, _with_aftermath(contact, last, reopened=True), scene)
        case QueuedReason.WROTE_AGAIN:
            return _review(contact, _with_aftermath(contact, last, word_owed=True), scene)
    return None


def contact_reviewed(
    contact: Contact, event: Incoming[ContactReviewed], scene: Scene
) -> Decision[Contact] | None:
    """An agent has read what the customer wrote after a claim: still open, or nothing new."""
    data = event.data
    claims = (one for one in contact.check_ins if one.claim.resolution_id == data.resolution_id)
    known: dict[str, Any] = {"nothing_new_at": data.reviewed_at}
    if data.verdict is ReviewVerdict.STILL_OPEN:
        known = {"still_open": True}
    learnt = _with_aftermath(contact, next(claims, None), word_owed=False, **known)
    return _review(contact, learnt, scene)


def message_failed(
    contact: Contact, event: Incoming[MessageFailed], scene: Scene
) -> Decision[Contact] | None:
    """Our question did not arrive, so no answer to it is waited for."""
    return _decision(
        contact,
        contact,
        [
            skipped(check_in, check_in.state, SkippedReason.UNDELIVERABLE, scene.now)
            for check_in in contact.check_ins
            if isinstance(check_in.state, Sent)
            and check_in.state.message_id == event.data.message_id
        ],
    )


def contact_expired(
    contact: Contact, _event: Incoming[ContactExpired], _scene: Scene
) -> Decision[Contact]:
    """Nobody is asked any more, and nothing is known of it; nor does anybody need to know."""
    return Decision(Contact(contact_id=contact.contact_id, expired=True))


def _review(before: Contact, learnt: Contact, scene: Scene) -> Decision[Contact] | None:
    """Schedule what can be scheduled, skip what need not be asked any more.

    Nothing is decided before it is known whose contact it is: the customer may be another one.
    """
    received = learnt.received
    if received is None:
        return _decision(before, learnt, ())
    reviewed = (_review_one(one, learnt, received, scene) for one in learnt.check_ins)
    return _decision(before, learnt, [decision for decision in reviewed if decision])


def _decision(
    before: Contact, learnt: Contact, decisions: Sequence[Decision[CheckIn]]
) -> Decision[Contact] | None:
    """What was learnt and decided, as one decision about the contact; None if that is nothing.

    Nothing is learnt of a contact that has expired, whatever comes late.
    """
    if before.expired:
        return None
    contact = replace(learnt, check_ins=_replaced(learnt, (one.state for one in decisions)))
    if contact == before:
        return None
    return Decision(contact, tuple(event for one in decisions for event in one.events))


def _review_one(
    check_in: CheckIn, contact: Contact, received: Received, scene: Scene
) -> Decision[CheckIn] | None:
    state = check_in.state
    if isinstance(state, Settled | StillOpen | Skipped):
        return None
    reason = _reason_to_skip(check_in, contact, received)
    if check_in.aftermath.still_open and reason is not SkippedReason.AUTOMATIC:
        return still_open(check_in, state, scene.now)
    if reason:
        return skipped(check_in, state, reason, scene.now)
    return _scheduled_anew(check_in, state, received, scene.policy)


def _scheduled_anew(
    check_in: CheckIn, state: Open, received: Received, policy: Policy
) -> Decision[CheckIn] | None:
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


def _with_aftermath(contact: Contact, about: CheckIn | None, **known: Any) -> Contact:
    """The contact with what is new about a claim; a check-in that has ended never changes again."""
    if about is None or isinstance(about.state, Settled | StillOpen | Skipped):
        return contact
    learnt = replace(about, aftermath=replace(about.aftermath, **known))
    return replace(contact, check_ins=_replaced(contact, [learnt]))


def _replaced(contact: Contact, check_ins: Iterable[CheckIn]) -> tuple[CheckIn, ...]:
    """The contact's check-ins, these in the place of those they were."""
    changed = {check_in.claim.resolution_id: check_in for check_in in check_ins}
    return tuple(changed.get(known.claim.resolution_id, known) for known in contact.check_ins)
