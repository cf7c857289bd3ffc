"""A contact's life: whatever is tried in whatever order, it stands in one of few honest states."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.routing.domain import life
from services.routing.domain.contact import Contact, ContactState, OfferState, Told
from services.routing.domain.matching import Placement
from services.routing.domain.queueing import place
from shared.contracts.routing import (
    AssignmentEnded,
    AssignmentStarted,
    OfferClosed,
    OfferMade,
    OfferOutcome,
    QueueChanged,
    QueueTopic,
    ResolutionClaimed,
    ResolutionOutcome,
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
        authority_limit=None,
        candidates=(),
        passed_over={},
    )


class Life(RuleBasedStateMachine):
    """Tries every step at any time; what the state does not allow must be refused."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.contact, self.told = place(new_contact(), [QUEUE], self.now)
        self.counts: dict[type, int] = {}

    def attempt(self, step: Callable[[], tuple[Contact, Any]]) -> None:
        before = self.contact
        try:
            self.contact, told = step()
        except Conflict:
            assert self.contact is before
            return
        for event in told if isinstance(told, tuple) else (told,):
            self.counts[type(event)] = self.counts.get(type(event), 0) + 1

    @rule(seconds=st.integers(0, 40))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(agent_id=st.sampled_from(("ann", "bob")))
    def offer(self, agent_id: str) -> None:
        placed = placement(self.contact, agent_id)
        self.attempt(lambda: life.offer(self.contact, placed, new_id(), self.now, TIMEOUT))

    @rule()
    def accept(self) -> None:
        self.attempt(lambda: life.accept(self.contact, self.now))

    @rule(outcome=st.sampled_from(OfferOutcome))
    def close_offer(self, outcome: OfferOutcome) -> None:
        self.attempt(lambda: life.close_offer(self.contact, outcome, self.now))

    @rule()
    def resolve(self) -> None:
        outcome = ResolutionOutcome.SOLVED
        self.attempt(lambda: life.resolve(self.contact, outcome, new_id(), self.now, TIMEOUT))

    @rule()
    def wrap_up(self) -> None:
        self.attempt(lambda: life.end_wrap_up(self.contact, self.now))

    @rule()
    def transfer(self) -> None:
        self.attempt(lambda: life.transfer(self.contact, QUEUE, self.now))

    @rule()
    def escalate(self) -> None:
        self.attempt(lambda: life.escalate(self.contact, QUEUE, None, self.now))

    @rule()
    def reopen(self) -> None:
        self.attempt(lambda: life.reopen(self.contact, QUEUE, "again", self.now))

    @rule()
    def close(self) -> None:
        self.attempt(lambda: life.close(self.contact))

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
    def everything_begun_is_ended_at_most_once(self) -> None:
        count = self.counts.get
        assert count(OfferMade, 0) - count(AssignmentStarted, 0) - count(OfferClosed, 0) in (0, 1)
        assert count(AssignmentStarted, 0) - count(AssignmentEnded, 0) in (0, 1)
        assert self.contact.claims == count(ResolutionClaimed, 0)
        assert self.contact.assignments == count(AssignmentStarted, 0)

    @invariant()
    def its_place_in_line_is_kept_for_life(self) -> None:
        assert (self.contact.received_at, self.contact.priority) == (NOON, 3)


TestLife = Life.TestCase


def assigned() -> Contact:
    contact, _ = place(new_contact(), [QUEUE], NOON)
    contact, _ = life.offer(contact, placement(contact, "ann"), new_id(), NOON, TIMEOUT)
    return life.accept(contact, NOON)[0]


def test_worked_and_wrap_up_time_are_told_apart() -> None:
    later = NOON + timedelta(seconds=100)
    outcome = ResolutionOutcome.ADVICE
    contact, _ = life.resolve(assigned(), outcome, new_id(), later, TIMEOUT)
    _, told = life.end_wrap_up(contact, later + timedelta(seconds=20))
    [ended] = told
    assert isinstance(ended, AssignmentEnded)
    assert (ended.worked_seconds, ended.wrap_up_seconds) == (100, 20)


def test_an_offer_can_be_accepted_until_its_time_and_not_at_it() -> None:
    contact, _ = place(new_contact(), [QUEUE], NOON)
    contact, _ = life.offer(contact, placement(contact, "ann"), new_id(), NOON, TIMEOUT)
    just = NOON + TIMEOUT - timedelta(milliseconds=1)
    assert life.accept(contact, just)[0].state is ContactState.ASSIGNED
    with pytest.raises(Conflict):
        life.accept(contact, NOON + TIMEOUT)


def test_who_hands_a_contact_on_is_remembered_and_reopening_forgets_it() -> None:
    handed: list[Told] = [
        life.transfer(assigned(), QUEUE, NOON),
        life.escalate(assigned(), QUEUE, None, NOON),
    ]
    assert [(told[0].declined, told[0].excluded) for told in handed] == [
        ({"ann"}, frozenset()),
        (frozenset(), {"ann"}),
    ]
    outcome = ResolutionOutcome.SOLVED
    resolved, _ = life.resolve(assigned(), outcome, new_id(), NOON, TIMEOUT)
    reopened, _ = life.reopen(resolved, QUEUE, "again", NOON)
    assert (reopened.precedence, reopened.preferred_agent) == (True, "ann")
    assert not reopened.declined | reopened.excluded


def test_turns_and_claims_are_counted_over_a_contacts_whole_life() -> None:
    outcome = ResolutionOutcome.SOLVED
    contact, first = life.resolve(assigned(), outcome, new_id(), NOON, TIMEOUT)
    contact, _ = life.reopen(contact, QUEUE, "again", NOON)
    contact, _ = life.offer(contact, placement(contact, "bob"), new_id(), NOON, TIMEOUT)
    contact, _ = life.accept(contact, NOON)
    contact, second = life.resolve(contact, outcome, new_id(), NOON, TIMEOUT)
    assert [(c.number, c.assignments) for c in (first, second)] == [(1, 1), (2, 2)]
    assert (contact.claims, contact.preferred_agent) == (2, "bob")
    assert contact.resolution_id == second.resolution_id
