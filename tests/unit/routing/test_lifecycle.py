"""A contact's lifecycle: whatever is tried in whatever order, it stands in one of few honest states."""

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.routing.domain.agents.decline_pauses import Pauses
from services.routing.domain.contact import lifecycle
from services.routing.domain.contact.model import Contact, ContactState, OfferState
from services.routing.domain.contact.waiting import place
from services.routing.domain.matching.model import Placement
from shared.contracts.decision import Decision
from shared.contracts.routing import (
    AssignmentEnded,
    AssignmentOutcome,
    AssignmentStarted,
    ContactQueued,
    ContactReviewed,
    OfferClosed,
    OfferMade,
    OfferOutcome,
    QueueChanged,
    QueuedReason,
    QueueTopic,
    ResolutionClaimed,
    ResolutionOutcome,
    ReviewVerdict,
)
from shared.contracts.values import Channel
from shared.kernel.errors import Conflict
from shared.kernel.ids import new_id
from tests.support.clock import NOON

QUEUE = QueueChanged(
    queue_id="general",
    name="General",
    topics=(QueueTopic(topic="*", priority=3),),
    languages=(),
    skills={},
    service_target_seconds=60,
    offer_timeout_seconds=30,
    rank=1,
)
SECOND = msgspec.structs.replace(QUEUE, queue_id="second")
QUICK = Pauses.of_seconds(1, 2)
"""The second decline begins the longest pause."""
TIMEOUT = timedelta(seconds=30)
LIVE = (OfferState.OPEN, OfferState.ACCEPTED, OfferState.WRAPPING)


def new_contact() -> Contact:
    return Contact(
        contact_id=new_id(),
        customer_id=new_id(),
        channel=Channel.EMAIL,
        topic="billing",
        language="en",
        value_tier="standard",
        priority=5,
        received_at=NOON,
        state=ContactState.RECORDED,
    )


def placement(contact: Contact, agent_id: str) -> Placement:
    return Placement(
        contact_id=contact.contact_id,
        agent_id=agent_id,
        slot=1,
        free_since=NOON,
        authority_limit=None,
        candidates=(),
        passed_over={},
    )


class Lifecycle(RuleBasedStateMachine):
    """Tries every step at any time; what the state does not allow must be refused."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.contact, _ = place(new_contact(), [QUEUE], self.now)
        self.counts: dict[type, int] = {}

    def attempt(self, step: Callable[[], Decision[Contact]]) -> None:
        before = self.contact
        try:
            self.contact, events = step()
        except Conflict:
            assert self.contact is before
            return
        for event in events:
            self.counts[type(event)] = self.counts.get(type(event), 0) + 1

    @rule(seconds=st.integers(0, 40))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(agent_id=st.sampled_from(("ann", "bob")))
    def offer(self, agent_id: str) -> None:
        placed = placement(self.contact, agent_id)
        self.attempt(lambda: lifecycle.offer(self.contact, placed, new_id(), self.now, TIMEOUT))

    @rule()
    def accept(self) -> None:
        self.attempt(lambda: lifecycle.accept(self.contact, self.now))

    @rule(outcome=st.sampled_from(OfferOutcome))
    def close_offer(self, outcome: OfferOutcome) -> None:
        self.attempt(lambda: lifecycle.close_offer(self.contact, outcome, self.now))

    @rule(away=st.sampled_from(((), ("ann",))), overflow=st.sampled_from((None, SECOND)))
    def end_if_due(self, away: tuple[str, ...], overflow: QueueChanged | None) -> None:
        ended = lifecycle.end_if_due(self.contact, away, overflow, self.now, QUICK)
        self.attempt(lambda: ended or Decision(self.contact))

    @rule()
    def resolve(self) -> None:
        outcome = ResolutionOutcome.SOLVED
        self.attempt(lambda: lifecycle.resolve(self.contact, outcome, new_id(), self.now, TIMEOUT))

    @rule()
    def wrap_up(self) -> None:
        self.attempt(lambda: lifecycle.end_wrap_up(self.contact, self.now))

    @rule()
    def transfer(self) -> None:
        self.attempt(lambda: lifecycle.transfer(self.contact, QUEUE, self.now))

    @rule()
    def escalate(self) -> None:
        self.attempt(lambda: lifecycle.escalate(self.contact, QUEUE, None, self.now))

    @rule()
    def reopen(self) -> None:
        self.attempt(lambda: lifecycle.reopen(self.contact, QUEUE, "again", self.now))

    @rule()
    def write_again(self) -> None:
        self.attempt(lambda: lifecycle.write_again(self.contact, QUEUE, self.now))

    @rule(verdict=st.sampled_from(ReviewVerdict))
    def review(self, verdict: ReviewVerdict) -> None:
        self.attempt(lambda: lifecycle.review(self.contact, verdict, self.now))

    @rule()
    def close(self) -> None:
        self.attempt(lambda: lifecycle.close(self.contact))

    @invariant()
    def a_slot_is_held_exactly_while_the_offer_is_live(self) -> None:
        offer = self.contact.offer
        if offer is not None:
            assert (offer.slot is not None) == (offer.state in LIVE) == (offer.ended_at is None)

    @invariant()
    def the_contact_and_its_offer_agree(self) -> None:
        offer = self.contact.offer
        live = offer.state if offer is not None and offer.state in LIVE else None
        allowed: dict[ContactState, set[OfferState | None]] = {
            ContactState.WAITING: {None},
            ContactState.OFFERED: {OfferState.OPEN},
            ContactState.ASSIGNED: {OfferState.ACCEPTED},
            ContactState.RESOLVED: {None, OfferState.WRAPPING},
            ContactState.CLOSED: {None, OfferState.WRAPPING},
        }
        assert live in allowed[self.contact.state], self.contact.state

    @invariant()
    def a_word_is_owed_only_on_a_claim_and_while_it_is_not_over(self) -> None:
        if self.contact.returns_to is not None:
            assert self.contact.state not in lifecycle.OVER
            assert self.contact.returns_to in lifecycle.OVER
            assert self.contact.resolution_id is not None

    @invariant()
    def everything_begun_is_ended_at_most_once(self) -> None:
        count = self.counts.get
        assert count(OfferMade, 0) - count(AssignmentStarted, 0) - count(OfferClosed, 0) in (0, 1)
        assert count(AssignmentStarted, 0) - count(AssignmentEnded, 0) in (0, 1)
        assert self.contact.claims == count(ResolutionClaimed, 0)
        assert self.contact.assignments == count(AssignmentStarted, 0)

    @invariant()
    def its_place_in_line_is_kept_for_life(self) -> None:
        assert (self.contact.received_at, self.contact.priority) == (NOON, 3)


TestLifecycle = Lifecycle.TestCase


def assigned() -> Contact:
    contact, _ = place(new_contact(), [QUEUE], NOON)
    contact, _ = lifecycle.offer(contact, placement(contact, "ann"), new_id(), NOON, TIMEOUT)
    return lifecycle.accept(contact, NOON)[0]


def test_worked_and_wrap_up_time_are_kept_apart() -> None:
    later = NOON + timedelta(seconds=100)
    outcome = ResolutionOutcome.ADVICE
    contact, _ = lifecycle.resolve(assigned(), outcome, new_id(), later, TIMEOUT)
    _, events = lifecycle.end_wrap_up(contact, later + timedelta(seconds=20))
    [ended] = events
    assert isinstance(ended, AssignmentEnded)
    assert (ended.worked_seconds, ended.wrap_up_seconds) == (100, 20)


def test_an_offer_can_be_accepted_until_its_time_and_not_at_it() -> None:
    contact, _ = place(new_contact(), [QUEUE], NOON)
    contact, _ = lifecycle.offer(contact, placement(contact, "ann"), new_id(), NOON, TIMEOUT)
    just = NOON + TIMEOUT - timedelta(milliseconds=1)
    assert lifecycle.accept(contact, just)[0].state is ContactState.ASSIGNED
    with pytest.raises(Conflict):
        lifecycle.accept(contact, NOON + TIMEOUT)


def test_who_hands_a_contact_on_is_remembered_and_reopening_forgets_it() -> None:
    handed = [
        lifecycle.transfer(assigned(), QUEUE, NOON),
        lifecycle.escalate(assigned(), QUEUE, None, NOON),
    ]
    assert [(contact.declined, contact.excluded) for contact, _ in handed] == [
        ({"ann"}, frozenset()),
        (frozenset(), {"ann"}),
    ]
    outcome = ResolutionOutcome.SOLVED
    resolved, _ = lifecycle.resolve(assigned(), outcome, new_id(), NOON, TIMEOUT)
    reopened, _ = lifecycle.reopen(resolved, QUEUE, "again", NOON)
    assert (reopened.precedence, reopened.preferred_agent) == (True, "ann")
    assert not reopened.declined | reopened.excluded


def offered() -> Contact:
    contact, _ = place(new_contact(), [QUEUE], NOON)
    return lifecycle.offer(contact, placement(contact, "ann"), new_id(), NOON, TIMEOUT).state


def test_an_offer_ends_by_its_time_or_with_its_agent_and_not_before() -> None:
    just = NOON + TIMEOUT - timedelta(milliseconds=1)
    assert lifecycle.end_if_due(offered(), (), None, just) is None
    for now, away, state in (
        (NOON + TIMEOUT, (), OfferState.EXPIRED),
        (NOON, ("ann",), OfferState.WITHDRAWN),
    ):
        ended = lifecycle.end_if_due(offered(), away, None, now)
        assert ended is not None
        assert ended.state.offer is not None
        assert (ended.state.state, ended.state.offer.state) == (ContactState.WAITING, state)


def test_what_its_last_agent_declines_until_the_longest_pause_goes_to_the_overflow_queue() -> None:
    contact, outcome = offered(), OfferOutcome.DECLINED
    once, _ = lifecycle.leave_to_others(contact, outcome, SECOND, NOON, QUICK)
    assert (once.queue_id, lifecycle.times_declined(once)) == ("general", 1)
    again = lifecycle.offer(once, placement(once, "ann"), new_id(), NOON, TIMEOUT).state
    stays, _ = lifecycle.leave_to_others(again, outcome, None, NOON, QUICK)
    moved, events = lifecycle.leave_to_others(again, outcome, SECOND, NOON, QUICK)
    assert (stays.queue_id, moved.queue_id) == ("general", "second")
    assert [type(event) for event in events] == [OfferClosed, ContactQueued]
    withdrawn, _ = lifecycle.leave_to_others(again, OfferOutcome.WITHDRAWN, SECOND, NOON, QUICK)
    assert withdrawn.queue_id == "general"


def written_again(state: ContactState = ContactState.RESOLVED) -> Contact:
    """Resolved (or closed), written about again, and taken by bob."""
    outcome = ResolutionOutcome.SOLVED
    contact, _ = lifecycle.resolve(assigned(), outcome, new_id(), NOON, TIMEOUT)
    contact = lifecycle.close(contact)[0] if state is ContactState.CLOSED else contact
    contact, _ = lifecycle.write_again(contact, QUEUE, NOON)
    contact, _ = lifecycle.offer(contact, placement(contact, "bob"), new_id(), NOON, TIMEOUT)
    return lifecycle.accept(contact, NOON)[0]


def test_a_customer_who_writes_after_a_claim_waits_without_precedence() -> None:
    outcome = ResolutionOutcome.SOLVED
    contact, _ = lifecycle.reopen(
        lifecycle.resolve(assigned(), outcome, new_id(), NOON, TIMEOUT)[0], QUEUE, "no", NOON
    )
    contact, _ = lifecycle.offer(contact, placement(contact, "ann"), new_id(), NOON, TIMEOUT)
    contact, _ = lifecycle.accept(contact, NOON)
    contact, _ = lifecycle.resolve(contact, outcome, new_id(), NOON, TIMEOUT)
    contact, events = lifecycle.write_again(contact, QUEUE, NOON)
    assert (contact.state, contact.precedence) == (ContactState.WAITING, False)
    assert contact.preferred_agent == "ann"
    assert isinstance(events[-1], ContactQueued)
    assert events[-1].reason is QueuedReason.WROTE_AGAIN


def test_still_open_stays_with_the_agent_and_goes_first_from_then_on() -> None:
    contact, events = lifecycle.review(written_again(), ReviewVerdict.STILL_OPEN, NOON)
    assert (contact.state, contact.precedence) == (ContactState.ASSIGNED, True)
    assert [type(event) for event in events] == [ContactReviewed]
    handed, _ = lifecycle.transfer(contact, QUEUE, NOON)
    assert handed.precedence


@pytest.mark.parametrize("before", lifecycle.OVER)
def test_nothing_new_puts_the_contact_back_where_it_was(before: ContactState) -> None:
    taken = written_again(before)
    later = NOON + timedelta(seconds=9)
    contact, events = lifecycle.review(taken, ReviewVerdict.NOTHING_NEW, later)
    assert (contact.state, contact.precedence, contact.claims) == (before, False, 1)
    reviewed, ended = events
    assert isinstance(reviewed, ContactReviewed)
    assert (reviewed.resolution_id, reviewed.agent_id) == (taken.resolution_id, "bob")
    assert isinstance(ended, AssignmentEnded)
    assert ended.outcome is AssignmentOutcome.NOTHING_NEW
    assert (ended.worked_seconds, ended.wrap_up_seconds) == (9, 0)


def test_the_word_is_owed_by_whoever_has_the_contact_and_said_once() -> None:
    contact, _ = lifecycle.transfer(written_again(), QUEUE, NOON)
    contact, _ = lifecycle.offer(contact, placement(contact, "cem"), new_id(), NOON, TIMEOUT)
    with pytest.raises(Conflict):
        lifecycle.review(contact, ReviewVerdict.STILL_OPEN, NOON)
    contact, _ = lifecycle.accept(contact, NOON)
    contact, _ = lifecycle.review(contact, ReviewVerdict.STILL_OPEN, NOON)
    with pytest.raises(Conflict) as twice:
        lifecycle.review(contact, ReviewVerdict.NOTHING_NEW, NOON)
    assert twice.value.facts == {"reason": "no_word_owed"}


def test_a_new_claim_owes_no_word_on_what_was_written_before_it() -> None:
    outcome = ResolutionOutcome.SOLVED
    contact, (claimed,) = lifecycle.resolve(written_again(), outcome, new_id(), NOON, TIMEOUT)
    assert isinstance(claimed, ResolutionClaimed)
    assert (contact.returns_to, claimed.number) == (None, 2)


def test_turns_and_claims_are_counted_over_a_contacts_whole_life() -> None:
    outcome = ResolutionOutcome.SOLVED
    contact, (first,) = lifecycle.resolve(assigned(), outcome, new_id(), NOON, TIMEOUT)
    contact, _ = lifecycle.reopen(contact, QUEUE, "again", NOON)
    contact, _ = lifecycle.offer(contact, placement(contact, "bob"), new_id(), NOON, TIMEOUT)
    contact, _ = lifecycle.accept(contact, NOON)
    contact, (second,) = lifecycle.resolve(contact, outcome, new_id(), NOON, TIMEOUT)
    assert isinstance(first, ResolutionClaimed)
    assert isinstance(second, ResolutionClaimed)
    assert [(c.number, c.assignments) for c in (first, second)] == [(1, 1), (2, 2)]
    assert (contact.claims, contact.preferred_agent) == (2, "bob")
    assert contact.resolution_id == second.resolution_id
