"""Topics are read side by side: whichever comes first, what is known in the end is the same."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.followup.domain.check_ins.decisions import Scene
from services.followup.domain.check_ins.model import CheckIn, Contact, Scheduled, Skipped, StillOpen
from services.followup.domain.check_ins.policy import Policy, Rule
from shared.contracts.cloudevents import Incoming
from shared.contracts.event import Event
from shared.contracts.routing import QueuedReason, ReviewVerdict
from tests.unit.followup.story import Story, after, after_events

POLICY = Policy([Rule(delay=timedelta(hours=1), window=timedelta(days=3))])
SCENE = Scene(POLICY, after(10_000))


@st.composite
def stories(draw: st.DrawFn) -> tuple[Story, list[Incoming[Event]], list[Incoming[Event]]]:
    """What intake and what routing tell of one contact: each in its own order."""
    story = Story()
    automatic = draw(st.integers(0, 9)) == 0
    intake, routing = [story.received(automatic=automatic)], []
    moment = 0.0
    for number in range(1, draw(st.integers(1, 4)) + 1):
        moment += 100
        routing.append(story.claimed(moment, number))
        if draw(st.booleans()):
            intake.append(story.wrote_again(moment + 10, automatic=True))
        for _ in range(draw(st.integers(0, 2))):
            moment += 20
            intake.append(story.wrote_again(moment))
            routing.append(story.queued(moment + 1, QueuedReason.WROTE_AGAIN))
            verdict = draw(st.none() | st.sampled_from(ReviewVerdict))
            if verdict is not None:
                routing.append(story.reviewed(moment + 2, verdict, number))
            if verdict is not ReviewVerdict.NOTHING_NEW:
                break
        else:
            if draw(st.booleans()):
                routing.append(story.queued(moment + 50))
    if draw(st.booleans()):
        routing.append(story.claimed(moment + 100, 9))
    return story, intake, routing


def interleaved(
    one: Sequence[Incoming[Event]], other: Sequence[Incoming[Event]], seed: int
) -> list[Incoming[Event]]:
    """One of the orders in which two logs can be consumed."""
    random, left, right, merged = Random(seed), list(one), list(other), list[Incoming[Event]]()
    while left or right:
        source = left if left and (not right or random.random() < 0.5) else right
        merged.append(source.pop(0))
    return merged


def end_of(story: Story, events: Sequence[Incoming[Event]]) -> Contact:
    contact, _ = after_events(Contact(contact_id=story.contact_id), events, SCENE)
    return contact


def summary(contact: Contact) -> tuple[object, ...]:
    return (
        contact.received,
        sorted((one.claim.number, *how_it_stands(one)) for one in contact.check_ins),
    )


def how_it_stands(check_in: CheckIn) -> tuple[str, str]:
    match check_in.state:
        case Skipped(reason=reason):
            return ("skipped", reason)
        case Scheduled(due_at=due_at):
            return ("scheduled", f"{due_at.isoformat()} {check_in.aftermath}")
        case StillOpen():
            return ("refuted", "still open")
    raise AssertionError(f"nothing is left undecided, but {check_in}")


@given(logs=stories(), seed=st.integers())
def test_the_end_is_the_same_for_every_order_in_which_the_topics_are_consumed(
    logs: tuple[Story, list[Incoming[Event]], list[Incoming[Event]]], seed: int
) -> None:
    story, intake, routing = logs
    straight = end_of(story, [*intake, *routing])
    assert summary(end_of(story, interleaved(intake, routing, seed))) == summary(straight)
    assert summary(end_of(story, [*routing, *intake])) == summary(straight)


@given(logs=stories(), seed=st.integers())
def test_never_are_two_check_ins_of_a_contact_open_and_what_ended_stays_ended(
    logs: tuple[Story, list[Incoming[Event]], list[Incoming[Event]]], seed: int
) -> None:
    story, intake, routing = logs
    contact = Contact(contact_id=story.contact_id)
    ended: dict[UUID, CheckIn] = {}
    for event in interleaved(intake, routing, seed):
        contact, _ = after_events(contact, [event], SCENE)
        assert sum(isinstance(one.state, Scheduled) for one in contact.check_ins) <= 1
        now_ended = {
            one.check_in_id: one
            for one in contact.check_ins
            if isinstance(one.state, Skipped | StillOpen)
        }
        assert ended.items() <= now_ended.items()
        ended = now_ended


@given(logs=stories(), seed=st.integers())
def test_consuming_an_event_twice_changes_nothing(
    logs: tuple[Story, list[Incoming[Event]], list[Incoming[Event]]], seed: int
) -> None:
    story, intake, routing = logs
    events = interleaved(intake, routing, seed)
    twice = [event for event in events for _ in range(2)]
    assert end_of(story, twice) == end_of(story, events)


@given(logs=stories(), seed=st.integers(), place=st.integers(0, 30), again=st.booleans())
def test_a_contact_that_has_expired_is_gone_and_nothing_is_published_of_it_any_more(
    logs: tuple[Story, list[Incoming[Event]], list[Incoming[Event]]],
    seed: int,
    place: int,
    again: bool,
) -> None:
    story, intake, routing = logs
    events = interleaved(intake, routing, seed)
    before, late = events[:place], events[place:]
    late = [*late, *events, story.expired()] if again else late
    contact, _ = after_events(Contact(contact_id=story.contact_id), before, SCENE)
    contact, published = after_events(contact, [story.expired(), *late], SCENE)
    assert contact == Contact(contact_id=story.contact_id, expired=True)
    assert published == []
