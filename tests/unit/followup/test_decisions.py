"""What followup decides, case by case."""

from datetime import timedelta

import pytest

from services.followup.domain.decisions import Closed, answer, ask, close, hear, is_news
from services.followup.domain.model import (
    Answer,
    CheckIn,
    Contact,
    Outcome,
    Scheduled,
    Sent,
    Settled,
    Skipped,
    Waiting,
)
from services.followup.domain.policy import Policy, QuietHours, Rule
from shared.contracts import followup
from shared.contracts.cloudevents import Incoming
from shared.contracts.event import Event
from shared.contracts.followup import SkippedReason
from shared.contracts.routing import QueuedReason
from shared.kernel.errors import Conflict, Missing
from tests.unit.followup.story import NOON, TRACE, Story, after

HOUR, WINDOW = timedelta(hours=1), timedelta(days=3)
POLICY = Policy([Rule(delay=HOUR, window=WINDOW)])
YES, NO = Answer(solved=True, csat=5, comment="thank you"), Answer(solved=False)


def told(*events: Incoming[Event], contact: Contact | None = None) -> tuple[Contact, list[Event]]:
    """The contact after these events, and all that was said."""
    known = contact or Contact(contact_id=Story().contact_id)
    said: list[Event] = []
    for event in events:
        known, decisions = hear(known, event, POLICY, after(10_000))
        said += [one for decision in decisions for one in decision.events]
    return known, said


def asked(story: Story) -> tuple[Contact, CheckIn]:
    """A contact whose check-in was sent, and that check-in."""
    contact, _ = told(story.received(), story.claimed(0))
    decision = ask(contact.check_ins[0], contact, POLICY, after(3600))
    return Contact(
        contact_id=contact.contact_id, received=contact.received, check_ins=(decision.check_in,)
    ), decision.check_in


def test_a_claim_schedules_a_check_in_after_the_delay() -> None:
    contact, said = told((story := Story()).received(), story.claimed(0))
    assert contact.check_ins[0].state == Scheduled(NOON + HOUR)
    assert [type(event) for event in said] == [followup.CheckInScheduled]


def test_a_claim_waits_for_its_contact_and_is_completed_when_it_is_heard_of() -> None:
    story = Story()
    contact, said = told(story.claimed(0))
    assert (contact.check_ins[0].state, said) == (Waiting(), [])
    contact, said = told(story.received(), contact=contact)
    assert contact.check_ins[0].state == Scheduled(NOON + HOUR)
    assert [type(event) for event in said] == [followup.CheckInScheduled]


@pytest.mark.parametrize("how", ["wrote_again", "queued"])
def test_a_contact_that_is_reopened_before_it_was_asked_is_not_asked(how: str) -> None:
    story = Story()
    contact, said = told(story.received(), story.claimed(0), getattr(story, how)(60))
    state = contact.check_ins[0].state
    assert isinstance(state, Skipped)
    assert state.reason is SkippedReason.REOPENED
    assert isinstance(said[-1], followup.CheckInSkipped)


def test_what_the_customer_wrote_before_the_claim_does_not_reopen_it() -> None:
    story = Story()
    contact, _ = told(story.received(), story.claimed(100), story.wrote_again(99))
    assert isinstance(contact.check_ins[0].state, Scheduled)


def test_automatic_mail_does_not_reopen_a_contact() -> None:
    story = Story()
    contact, _ = told(story.received(), story.claimed(0), story.wrote_again(60, automatic=True))
    assert isinstance(contact.check_ins[0].state, Scheduled)


def test_nobody_is_asked_about_automatic_mail() -> None:
    contact, _ = told((story := Story()).received(automatic=True), story.claimed(0))
    state = contact.check_ins[0].state
    assert isinstance(state, Skipped)
    assert state.reason is SkippedReason.AUTOMATIC


def test_a_newer_claim_takes_the_place_of_a_question_that_was_sent() -> None:
    story = Story()
    contact, _ = asked(story)
    contact, _ = told(story.queued(4000), story.claimed(5000, 2), contact=contact)
    old, new = contact.check_ins
    assert isinstance(old.state, Skipped)
    assert old.state.reason is SkippedReason.SUPERSEDED
    assert isinstance(old.state.was, Sent)
    assert isinstance(new.state, Scheduled)


def test_a_question_that_did_not_arrive_is_not_waited_for() -> None:
    story = Story()
    contact, sent = asked(story)
    contact, said = told(story.failed(sent.message_id), contact=contact)
    assert [type(event) for event in said] == [followup.CheckInSkipped]
    state = contact.check_ins[0].state
    assert isinstance(state, Skipped)
    assert state.reason is SkippedReason.UNDELIVERABLE


def test_a_failed_message_of_somebody_else_changes_nothing() -> None:
    story = Story()
    contact, _ = asked(story)
    assert told(story.failed(story.contact_id), contact=contact) == (contact, [])


def test_asking_opens_a_window_for_the_answer() -> None:
    _, sent = asked(Story())
    assert isinstance(sent.state, Sent)
    assert (sent.state.sent_at, sent.state.closes_at) == (after(3600), after(3600) + WINDOW)


def test_a_late_worker_does_not_ask_in_quiet_hours_but_puts_it_off() -> None:
    contact, _ = told((story := Story()).received(), story.claimed(0))
    night = QuietHours((NOON + HOUR).time(), (NOON + 3 * HOUR).time())
    quiet = Policy(POLICY.rules, night)
    decision = ask(contact.check_ins[0], contact, quiet, NOON + 2 * HOUR)
    assert decision.check_in.state == Scheduled(NOON + 3 * HOUR)


@pytest.mark.parametrize(("given", "outcome"), [(YES, Outcome.CONFIRMED), (NO, Outcome.REFUTED)])
def test_an_answer_settles_the_resolution(given: Answer, outcome: Outcome) -> None:
    _, sent = asked(Story())
    decision = answer(sent, given, after(7200))
    assert isinstance(decision.check_in.state, Settled)
    assert decision.check_in.state.outcome is outcome
    settled = followup.ResolutionConfirmed if given.solved else followup.ResolutionRefuted
    assert [type(event) for event in decision.events] == [followup.CheckInAnswered, settled]


def test_the_same_answer_again_is_no_news_and_another_one_is_refused() -> None:
    _, sent = asked(Story())
    first = answer(sent, YES, after(7200)).check_in
    again = answer(first, YES, after(9_999_999))
    assert (again.check_in, again.events) == (first, ())
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
    contact, sent = asked(Story())
    decision = close(sent, contact, after(3600) + WINDOW)
    assert [type(event) for event in decision.events] == [followup.ResolutionUnrefuted]
    with pytest.raises(Closed):
        answer(decision.check_in, YES, after(3600) + WINDOW)


def test_a_customer_who_wrote_again_was_not_silent() -> None:
    story = Story()
    contact, _ = asked(story)
    contact, _ = told(story.wrote_again(4000), contact=contact)
    sent = contact.check_ins[0]
    assert isinstance(sent.state, Sent)
    decision = close(sent, contact, after(3600) + WINDOW)
    assert isinstance(decision.check_in.state, Skipped)
    assert decision.check_in.state.reason is SkippedReason.REOPENED


def test_what_was_not_asked_cannot_be_answered_asked_twice_or_closed() -> None:
    contact, _ = told((story := Story()).received(), story.claimed(0))
    scheduled = contact.check_ins[0]
    with pytest.raises(Missing):
        answer(scheduled, YES, NOON)
    with pytest.raises(Conflict):
        close(scheduled, contact, NOON)
    contact, sent = asked(Story())
    with pytest.raises(Conflict):
        ask(sent, contact, POLICY, NOON)


def test_most_of_a_contacts_life_is_no_news_here() -> None:
    story = Story()
    assert not is_news(story.queued(0, QueuedReason.RECEIVED).data)
    assert not is_news(story.wrote_again(0, automatic=True).data)
    assert is_news(story.queued(0).data)
    assert is_news(story.wrote_again(0).data)


def test_the_trace_of_the_contact_is_kept_for_what_has_no_cause_of_its_own() -> None:
    contact, _ = told((story := Story()).received(), story.claimed(0))
    assert contact.trace == TRACE
