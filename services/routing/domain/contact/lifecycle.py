"""How a contact lives, from queue to confirmed resolution: each step guards itself.

A step takes a contact and decides on its next state and the events that tell of it. What the present
state does not allow raises `Conflict` with a `reason` a program can read.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from services.routing.domain.agents.decline_pauses import Declined, Pauses, count_anew, decline
from services.routing.domain.contact.conflicts import conflict
from services.routing.domain.contact.model import Contact, ContactState, Offer, OfferState
from services.routing.domain.contact.waiting import wait
from services.routing.domain.matching.model import Placement
from shared.contracts.decision import Decision
from shared.contracts.routing import (
    AssignmentEnded,
    AssignmentOutcome,
    AssignmentStarted,
    ContactReviewed,
    OfferClosed,
    OfferMade,
    OfferOutcome,
    QueueChanged,
    QueuedReason,
    ResolutionClaimed,
    ResolutionOutcome,
    ReviewVerdict,
)
from shared.contracts.values import Need
from shared.kernel.errors import Conflict

OVER = (ContactState.RESOLVED, ContactState.CLOSED)


def offer(
    contact: Contact, placement: Placement, offer_id: UUID, now: datetime, timeout: timedelta
) -> Decision[Contact]:
    """Reserve the chosen agent for a waiting contact."""
    _require(contact, ContactState.WAITING)
    made = Offer(
        offer_id=offer_id,
        contact_id=contact.contact_id,
        agent_id=placement.agent_id,
        queue_id=contact.queue_id or "",
        channel=contact.channel,
        state=OfferState.OPEN,
        slot=placement.slot,
        queued_at=contact.queued_at or now,
        made_at=now,
        expires_at=now + timeout,
        need=contact.need,
        authority_limit=placement.authority_limit,
    )
    event = OfferMade(
        contact_id=contact.contact_id,
        offer_id=offer_id,
        agent_id=made.agent_id,
        queue_id=made.queue_id,
        made_at=now,
        expires_at=made.expires_at,
        candidates=placement.candidates,
        passed_over=placement.passed_over,
    )
    return Decision(replace(contact, state=ContactState.OFFERED, offer=made), (event,))


def accept(contact: Contact, now: datetime) -> Decision[Contact]:
    """The agent takes it: the offer becomes an assignment. An offer past its time is too late."""
    offer = live(contact, OfferState.OPEN)
    if offer.expires_at <= now:
        raise Conflict("the offer has expired", reason="expired")
    accepted = replace(offer, state=OfferState.ACCEPTED, accepted_at=now)
    started = AssignmentStarted(
        contact_id=contact.contact_id,
        assignment_id=offer.offer_id,
        agent_id=offer.agent_id,
        queue_id=offer.queue_id,
        channel=offer.channel,
        started_at=now,
    )
    turns = contact.assignments + 1
    assigned = replace(contact, state=ContactState.ASSIGNED, assignments=turns, offer=accepted)
    return Decision(assigned, (started,))


def close_offer(
    contact: Contact, outcome: OfferOutcome, now: datetime, pauses: Pauses = Pauses()
) -> Decision[Contact]:
    """An offer ends without an assignment: the contact keeps its place and waits for another agent.

    Who declined, or let it expire, is asked again only after the others, and after a pause. Withdrawn
    is nobody's doing.
    """
    offer = live(contact, OfferState.OPEN)
    declines = contact.declines
    if outcome is not OfferOutcome.WITHDRAWN:
        declines = decline(declines, offer.agent_id, now, pauses)
    closed = OfferClosed(
        contact_id=contact.contact_id,
        offer_id=offer.offer_id,
        agent_id=offer.agent_id,
        outcome=outcome,
        closed_at=now,
    )
    waiting = replace(
        contact,
        state=ContactState.WAITING,
        declines=declines,
        offer=_ended(offer, OfferState(outcome), now),
    )
    return Decision(waiting, (closed,))


def times_declined(contact: Contact) -> int:
    """How often the agent whose offer has just ended left the contact to others."""
    known = contact.declines.get(contact.offer.agent_id) if contact.offer else None
    return known.times if known else 0


def leave_to_others(
    contact: Contact,
    outcome: OfferOutcome,
    overflow_queue: QueueChanged | None,
    now: datetime,
    pauses: Pauses,
) -> Decision[Contact]:
    """As `close_offer`, and on to the overflow queue once the agent has been asked often enough.

    An agent is asked a second time only when everybody able has declined. So whoever declines until
    the pause is the longest is the last of them, and no list of the others has to be kept.
    """
    waiting, closed = close_offer(contact, outcome, now, pauses)
    if outcome is OfferOutcome.WITHDRAWN or times_declined(waiting) < pauses.until_longest:
        return Decision(waiting, closed)
    if overflow_queue is None:
        return Decision(waiting, closed)
    moved, queued = overflow(waiting, overflow_queue, now)
    return Decision(moved, closed + queued)


def overflow(contact: Contact, queue: QueueChanged, now: datetime) -> Decision[Contact]:
    """On to another queue, because everybody able declined; whoever did is still in their pause."""
    _require(contact, ContactState.WAITING)
    contact = replace(contact, declines=count_anew(contact.declines))
    rule = f"declined by everybody in {contact.queue_id}: on to {queue.queue_id}"
    return wait(contact, queue, QueuedReason.OVERFLOWED, rule, now)


def end_if_due(
    contact: Contact,
    away: Collection[str],
    overflow_queue: QueueChanged | None,
    now: datetime,
    pauses: Pauses = Pauses(),
) -> Decision[Contact] | None:
    """The end of the live offer, if its time has come or its agent is `away`."""
    offer = contact.offer
    if offer is None:
        return None
    if offer.state is OfferState.WRAPPING and _is_past(offer.wrap_up_ends_at, now):
        return end_wrap_up(contact, now)
    if offer.state is not OfferState.OPEN:
        return None
    if _is_past(offer.expires_at, now):
        return leave_to_others(contact, OfferOutcome.EXPIRED, overflow_queue, now, pauses)
    if offer.agent_id in away:
        return close_offer(contact, OfferOutcome.WITHDRAWN, now, pauses)
    return None


def resolve(
    contact: Contact,
    outcome: ResolutionOutcome,
    resolution_id: UUID,
    now: datetime,
    wrap_up: timedelta,
) -> Decision[Contact]:
    """The agent claims it is resolved, and has until `wrap_up` is over to finish their notes."""
    offer = live(contact, OfferState.ACCEPTED)
    wrapping = replace(
        offer, state=OfferState.WRAPPING, resolved_at=now, wrap_up_ends_at=now + wrap_up
    )
    claimed = ResolutionClaimed(
        contact_id=contact.contact_id,
        resolution_id=resolution_id,
        customer_id=contact.customer_id,
        agent_id=offer.agent_id,
        queue_id=offer.queue_id,
        outcome=outcome,
        number=contact.claims + 1,
        assignments=contact.assignments,
        claimed_at=now,
    )
    resolved = replace(
        contact,
        state=ContactState.RESOLVED,
        claims=claimed.number,
        resolution_id=resolution_id,
        returns_to=None,
        preferred_agent=offer.agent_id,
        offer=wrapping,
    )
    return Decision(resolved, (claimed,))


def end_wrap_up(contact: Contact, now: datetime) -> Decision[Contact]:
    """The agent is free of a resolved contact."""
    offer = live(contact, OfferState.WRAPPING)
    return _end(contact, offer, AssignmentOutcome.RESOLVED, now)


def transfer(contact: Contact, queue: QueueChanged, now: datetime) -> Decision[Contact]:
    """Hand the contact on to a queue. The agent who did is asked again only after the others."""
    offer = live(contact, OfferState.ACCEPTED)
    contact, events = _end(contact, offer, AssignmentOutcome.TRANSFERRED, now)
    contact = replace(contact, declines={offer.agent_id: Declined(0, now)}, preferred_agent=None)
    rule = f"transferred to {queue.queue_id}"
    contact, queued = wait(contact, queue, QueuedReason.TRANSFERRED, rule, now)
    return Decision(contact, events + queued)


def escalate(
    contact: Contact, queue: QueueChanged, need: Need | None, now: datetime
) -> Decision[Contact]:
    """Back to the queue for somebody with more authority; the agent who escalates is left out."""
    offer = live(contact, OfferState.ACCEPTED)
    contact, events = _end(contact, offer, AssignmentOutcome.ESCALATED, now)
    contact = replace(
        contact,
        need=need or contact.need,
        excluded=contact.excluded | {offer.agent_id},
        preferred_agent=None,
    )
    rule = f"escalated within {queue.queue_id}"
    contact, queued = wait(contact, queue, QueuedReason.ESCALATED, rule, now)
    return Decision(contact, events + queued)


def reopen(contact: Contact, queue: QueueChanged, why: str, now: datetime) -> Decision[Contact]:
    """A refuted contact waits again: with its history and its place, first for its last agent."""
    _require(contact, *OVER)
    rule = f"{why}: back to {queue.queue_id} in its first place"
    contact = replace(contact, precedence=True)
    return _wait_again(contact, queue, QueuedReason.REOPENED, rule, now)


def write_again(contact: Contact, queue: QueueChanged, now: datetime) -> Decision[Contact]:
    """The customer wrote after a claim: it waits again, for an agent who says what that is.

    It has no precedence and the claim stands, since it may be no more than thanks.
    """
    _require(contact, *OVER)
    rule = f"the customer wrote again: back to {queue.queue_id}"
    contact = replace(contact, precedence=False, returns_to=contact.state)
    return _wait_again(contact, queue, QueuedReason.WROTE_AGAIN, rule, now)


def review(contact: Contact, verdict: ReviewVerdict, now: datetime) -> Decision[Contact]:
    """The agent says what the customer wrote after the claim: still open, or nothing new.

    Still open, the contact stays with the agent and has precedence from now on; with nothing new it
    is as it was before the customer wrote, and the agent is free of it.
    """
    offer = live(contact, OfferState.ACCEPTED)
    if contact.returns_to is None or contact.resolution_id is None:
        raise Conflict("no word is owed on what the customer wrote", reason="no_word_owed")
    reviewed = ContactReviewed(
        contact_id=contact.contact_id,
        resolution_id=contact.resolution_id,
        agent_id=offer.agent_id,
        verdict=verdict,
        reviewed_at=now,
    )
    if verdict is ReviewVerdict.STILL_OPEN:
        return Decision(refute(contact).state, (reviewed,))
    before = replace(contact, state=contact.returns_to, returns_to=None)
    returned, ended = _end(before, offer, AssignmentOutcome.NOTHING_NEW, now)
    return Decision(returned, (reviewed, *ended))


def refute(contact: Contact) -> Decision[Contact]:
    """The claim does not hold: whoever has the contact, or gets it, owes no word on it any more."""
    return Decision(replace(contact, precedence=True, returns_to=None))


def refute_waiting(contact: Contact, queue: QueueChanged, why: str) -> Decision[Contact]:
    """As `refute`; one that waits has precedence from now on, in its place, and that is told."""
    refuted = refute(contact)
    if contact.state is not ContactState.WAITING or contact.queued_at is None:
        return refuted
    rule = f"{why}: first in {queue.queue_id}"
    return wait(refuted.state, queue, QueuedReason.REOPENED, rule, contact.queued_at)


def close(contact: Contact) -> Decision[Contact]:
    """The last word on a resolution is spoken; only the customer can reopen it.

    A customer who wrote again is read first: then that is the state the contact goes back to.
    """
    if contact.returns_to is not None:
        return Decision(replace(contact, returns_to=ContactState.CLOSED))
    _require(contact, *OVER)
    return Decision(replace(contact, state=ContactState.CLOSED))


def live(contact: Contact, state: OfferState) -> Offer:
    """The live offer, if it stands in this state; raises `Conflict`."""
    offer = contact.offer
    if offer is None or offer.state is not state:
        raise conflict(contact, state)
    return offer


def _wait_again(
    contact: Contact, queue: QueueChanged, reason: QueuedReason, rule: str, now: datetime
) -> Decision[Contact]:
    """A wrap-up that is still going on ends here, since a contact is never with two."""
    contact, events = end_wrap_up(contact, now) if contact.offer else Decision(contact)
    contact = replace(contact, declines={}, excluded=frozenset())
    contact, queued = wait(contact, queue, reason, rule, now)
    return Decision(contact, events + queued)


def _end(
    contact: Contact, offer: Offer, outcome: AssignmentOutcome, now: datetime
) -> Decision[Contact]:
    accepted = offer.accepted_at or now
    resolved = offer.resolved_at or now
    event = AssignmentEnded(
        contact_id=contact.contact_id,
        assignment_id=offer.offer_id,
        agent_id=offer.agent_id,
        outcome=outcome,
        worked_seconds=_seconds(accepted, resolved),
        wrap_up_seconds=_seconds(resolved, now),
        ended_at=now,
    )
    return Decision(replace(contact, offer=_ended(offer, OfferState(outcome), now)), (event,))


def _ended(offer: Offer, state: OfferState, now: datetime) -> Offer:
    return replace(offer, state=state, slot=None, ended_at=now)


def _require(contact: Contact, *states: ContactState) -> None:
    if contact.state not in states:
        raise Conflict(f"the contact is {contact.state}", reason=str(contact.state))


def _is_past(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now


def _seconds(start: datetime, end: datetime) -> float:
    """Never negative: two machines' clocks may differ."""
    return max(0.0, (end - start).total_seconds())
