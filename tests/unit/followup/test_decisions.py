"""What followup decides, case by case."""

from datetime import timedelta

import pytest

from services.followup.domain.check_ins.decisions import Scene, is_relevant
from services.followup.domain.check_ins.model import (
    Answer,
    CheckIn,
    Contact,
    Outcome,
    Scheduled,
    Sent,
    Settled,
    Skipped,
    StillOpen,
    Waiting,
)
from services.followup.domain.check_ins.policy import Policy, QuietHours, Rule
from services.followup.domain.check_ins.questions import Closed, answer, ask, close
from services.followup.entrypoints.consumer import CONTACT_HANDLERS
from shared.contracts import followup
from shared.contracts.cloudevents import Incoming
from shared.contracts.event import Event
from shared.contracts.followup import SkippedReason
from shared.contracts.routing import QueuedReason, ReviewVerdict
from shared.kernel.errors import Conflict, Missing
from tests.unit.followup.story import NOON, TRACE, Story, after, after_events

HOUR, WINDOW = timedelta(hours=1), timedelta(days=3)
POLICY = Policy([Rule(delay=HOUR, window=WINDOW)])
WROTE_AGAIN = QueuedReason.WROTE_AGAIN
NOTHING_NEW, STILL_OPEN = ReviewVerdict.NOTHING_NEW, ReviewVerdict.STILL_OPEN
YES, NO = Answer(solved=True, csat=5, comment="thank you"), Answer(solved=False)


def consumed(
    *events: Incoming[Event], contact: Contact | None = None
) -> tuple[Contact, list[Event]]:
    """The contact after these events, and all that is published."""
    known = contact or Contact(contact_id=Story().contact_id)
    return after_events(known, events, Scene(POLICY, after(10_000)))


def asked(story: Story) -> tuple[Contact, CheckIn]:
    """A contact whose check-in was sent, and that check-in."""
    contact, _ = consumed(story.received(), story.claimed(0))
    decision = ask(contact.check_ins[0], contact, POLICY, after(3600))
    return Contact(
        contact_id=contact.contact_id, received=contact.received, check_ins=(decision.state,)
    ), decision.state


def test_a_claim_schedules_a_check_in_after_the_delay() -> None:
    contact, events = consumed((story := Story()).received(), story.claimed(0))
    assert contact.check_ins[0].state == Scheduled(NOON + HOUR)
    assert [type(event) for event in events] == [followup.CheckInScheduled]


def test_a_claim_waits_for_its_contact_and_is_completed_when_it_is_known() -> None:
    story = Story()
    contact, events = consumed(story.claimed(0))
    assert (contact.check_ins[0].state, events) == (Waiting(), [])
    contact, events = consumed(story.received(), contact=contact)
    assert contact.check_ins[0].state == Scheduled(NOON + HOUR)
    assert [type(event) for event in events] == [followup.CheckInScheduled]


def test_a_contact_that_is_reopened_before_it_was_asked_is_not_asked() -> None:
    story = Story()
    contact, events = consumed(story.received(), story.claimed(0), story.queued(60))
    state = contact.check_ins[0].state
    assert isinstance(state, Skipped)
    assert state.reason is SkippedReason.REOPENED
    assert isinstance(events[-1], followup.CheckInSkipped)


def test_what_the_customer_wrote_before_the_claim_does_not_reopen_it() -> None:
    story = Story()
    contact, _ = consumed(story.received(), story.claimed(100), story.wrote_again(99))
    assert isinstance(contact.check_ins[0].state, Scheduled)


def test_automatic_mail_does_not_reopen_a_contact() -> None:
    story = Story()
    contact, _ = consumed(story.received(), story.claimed(0), story.wrote_again(60, automatic=True))
    assert isinstance(contact.check_ins[0].state, Scheduled)


def test_nobody_is_asked_about_automatic_mail() -> None:
    contact, _ = consumed((story := Story()).received(automatic=True), story.claimed(0))
    state = contact.check_ins[0].state
    assert isinstance(state, Skipped)
    assert state.reason is SkippedReason.AUTOMATIC


def test_a_newer_claim_takes_the_place_of_a_question_that_was_sent() -> None:
    story = Story()
    contact, _ = asked(story)
    contact, _ = consumed(story.queued(4000), story.claimed(5000, 2), contact=contact)
    old, new = contact.check_ins
    assert isinstance(old.state, Skipped)
    assert old.state.reason is SkippedReason.SUPERSEDED
    assert isinstance(old.state.was, Sent)
    assert isinstance(new.state, Scheduled)


def test_a_question_that_did_not_arrive_is_not_waited_for() -> None:
    story = Story()
    contact, sent = asked(story)
    contact, events = consumed(story.failed(sent.message_id), contact=contact)
    assert [type(event) for event in events] == [followup.CheckInSkipped]
    state = contact.check_ins[0].state
    assert isinstance(state, Skipped)
    assert state.reason is SkippedReason.UNDELIVERABLE


def test_a_failed_message_of_somebody_else_changes_nothing() -> None:
    story = Story()
    contact, _ = asked(story)
    assert consumed(story.failed(story.contact_id), contact=contact) == (contact, [])


def test_asking_opens_a_window_for_the_answer() -> None:
    _, sent = asked(Story())
    assert isinstance(sent.state, Sent)
    assert (sent.state.sent_at, sent.state.closes_at) == (after(3600), after(3600) + WINDOW)


def test_a_late_worker_does_not_ask_in_quiet_hours_but_defers_it() -> None:
    contact, _ = consumed((story := Story()).received(), story.claimed(0))
    night = QuietHours((NOON + HOUR).time(), (NOON + 3 * HOUR).time())
    quiet = Policy(POLICY.rules, night)
    decision = ask(contact.check_ins[0], contact, quiet, NOON + 2 * HOUR)
    assert decision.state.state == Scheduled(NOON + 3 * HOUR)


@pytest.mark.parametrize(("given", "outcome"), [(YES, Outcome.CONFIRMED), (NO, Outcome.REFUTED)])
def test_an_answer_settles_the_resolution(given: Answer, outcome: Outcome) -> None:
    _, sent = asked(Story())
    decision = answer(sent, given, after(7200))
    assert isinstance(decision.state.state, Settled)
    assert decision.state.state.outcome is outcome
    settled = followup.ResolutionConfirmed if given.solved else followup.ResolutionRefuted
    assert [type(event) for event in decision.events] == [followup.CheckInAnswered, settled]


def test_the_same_answer_again_changes_nothing_and_another_one_is_refused() -> None:
    _, sent = asked(Story())
    first = answer(sent, YES, after(7200)).state
    again = answer(first, YES, after(9_999_999))
    assert (again.state, again.events) == (first, ())
    with pytest.raises(Conflict):
        answer(first, NO, after(7201))


def test_an_answer_counts_until_the_window_closes_and_not_after() -> None:
    _, sent = asked(Story())
    assert isinstance(sent.state, Sent)
    closes_at = sent.state.closes_at
    assert answer(sent, YES, closes_at - timedelta(microseconds=1)).events
    with pytest.raises(Closed):
        answer(sent, YES, closes_at)


def test_silence_leaves_a_resolution_unrefuted_and_closes_the_question() -> None:
    _, sent = asked(Story())
    decision = close(sent, after(3600) + WINDOW)
    assert [type(event) for event in decision.events] == [followup.ResolutionUnrefuted]
    with pytest.raises(Closed):
        answer(decision.state, YES, after(3600) + WINDOW)


def test_thanks_after_a_claim_neither_confirm_nor_refute_it() -> None:
    story = Story()
    contact, events = consumed(story.received(), story.claimed(0), story.queued(60, WROTE_AGAIN))
    assert isinstance(contact.check_ins[0].state, Scheduled)
    assert [type(event) for event in events] == [followup.CheckInScheduled]


def test_while_a_word_is_owed_nobody_is_asked_and_no_window_closes() -> None:
    story = Story()
    scheduled, _ = consumed(story.received(), story.claimed(0), story.queued(60, WROTE_AGAIN))
    with pytest.raises(Conflict):
        ask(scheduled.check_ins[0], scheduled, POLICY, after(3600))
    contact, _ = asked(story)
    contact, _ = consumed(story.queued(4000, WROTE_AGAIN), contact=contact)
    with pytest.raises(Conflict):
        close(contact.check_ins[0], after(3600) + WINDOW)


def test_after_nothing_new_the_customer_is_asked_with_a_fresh_delay() -> None:
    story = Story()
    contact, events = consumed(
        story.received(),
        story.claimed(0),
        story.queued(60, WROTE_AGAIN),
        story.reviewed(1800, NOTHING_NEW),
    )
    assert contact.check_ins[0].state == Scheduled(after(1800) + HOUR)
    assert [type(event) for event in events] == [followup.CheckInScheduled] * 2
    assert ask(contact.check_ins[0], contact, POLICY, after(1800) + HOUR).events


def test_after_nothing_new_a_question_that_was_sent_stays_open_for_a_whole_window() -> None:
    story = Story()
    contact, _ = asked(story)
    contact, events = consumed(
        story.queued(4000, WROTE_AGAIN), story.reviewed(5000, NOTHING_NEW), contact=contact
    )
    sent = contact.check_ins[0]
    assert isinstance(sent.state, Sent)
    assert (sent.state.closes_at, events) == (after(5000) + WINDOW, [])
    decision = close(sent, after(5000) + WINDOW)
    assert [type(event) for event in decision.events] == [followup.ResolutionUnrefuted]


@pytest.mark.parametrize("was_asked", [False, True])
def test_still_open_refutes_the_claim_once_and_ends_the_asking(was_asked: bool) -> None:
    story = Story()
    contact, _ = asked(story) if was_asked else consumed(story.received(), story.claimed(0))
    owed = story.queued(60, WROTE_AGAIN)
    contact, events = consumed(owed, story.reviewed(90, STILL_OPEN), contact=contact)
    assert [type(event) for event in events] == [
        followup.CheckInSkipped,
        followup.ResolutionRefuted,
    ]
    assert isinstance(contact.check_ins[0].state, StillOpen)
    assert consumed(story.reviewed(90, STILL_OPEN), contact=contact) == (contact, [])
    with pytest.raises(Closed):
        answer(contact.check_ins[0], YES, after(91))


def test_a_customers_own_word_is_not_overruled_by_an_agents() -> None:
    story = Story()
    contact, sent = asked(story)
    settled = answer(sent, YES, after(7200)).state
    contact = Contact(
        contact_id=contact.contact_id, received=contact.received, check_ins=(settled,)
    )
    owed = story.queued(7201, WROTE_AGAIN)
    assert consumed(owed, story.reviewed(7300, STILL_OPEN), contact=contact) == (contact, [])


def test_a_claim_on_which_the_word_was_never_said_gives_way_to_the_next() -> None:
    story = Story()
    contact, events = consumed(
        story.received(), story.claimed(0), story.queued(60, WROTE_AGAIN), story.claimed(90, 2)
    )
    old, new = contact.check_ins
    assert isinstance(old.state, Skipped)
    assert old.state.reason is SkippedReason.SUPERSEDED
    assert new.state == Scheduled(after(90) + HOUR)
    assert followup.ResolutionRefuted not in map(type, events)


def test_what_was_not_asked_cannot_be_answered_asked_twice_or_closed() -> None:
    contact, _ = consumed((story := Story()).received(), story.claimed(0))
    scheduled = contact.check_ins[0]
    with pytest.raises(Missing):
        answer(scheduled, YES, NOON)
    with pytest.raises(Conflict):
        close(scheduled, NOON)
    contact, sent = asked(Story())
    with pytest.raises(Conflict):
        ask(sent, contact, POLICY, NOON)


def is_consumed(event: Event) -> bool:
    return type(event) in CONTACT_HANDLERS and is_relevant(event)


def test_most_of_a_contacts_lifecycle_changes_nothing_here() -> None:
    story = Story()
    assert not is_consumed(story.queued(0, QueuedReason.RECEIVED).data)
    assert not is_consumed(story.wrote_again(0, automatic=True).data)
    assert is_consumed(story.queued(0).data)
    assert not is_consumed(story.wrote_again(0).data)
    assert is_consumed(story.queued(0, WROTE_AGAIN).data)


def test_the_trace_of_the_contact_is_kept_for_what_has_no_cause_of_its_own() -> None:
    contact, _ = consumed((story := Story()).received(), story.claimed(0))
    assert contact.trace == TRACE
