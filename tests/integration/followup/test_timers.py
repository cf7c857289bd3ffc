"""What is due is done once, by whichever worker comes first."""

import asyncio
from collections import Counter

import pytest

from services.followup.adapters import store
from services.followup.domain.decisions import Closed
from services.followup.domain.model import Answer, Outcome, Scheduled, Sent, Settled
from services.followup.entrypoints.timers import Timers
from shared.contracts.followup import (
    CheckInSent,
    ResolutionConfirmed,
    ResolutionRefuted,
    ResolutionUnrefuted,
)
from shared.contracts.routing import MessageRequested
from shared.contracts.values import MessageKind
from shared.database.database import Tx
from shared.kernel.clock import SystemClock
from tests.integration.followup.following import HOUR, WINDOW, FollowUp
from tests.support.eventually import eventually
from tests.support.kafka import running
from tests.unit.followup.story import NOON, TRACE, Story, after


async def is_sent(follow_up: FollowUp, story: Story) -> bool:
    return [type(one.state) for one in await follow_up.check_ins(story)] == [Sent]


async def test_a_question_goes_out_when_it_is_due_and_not_before(follow_up: FollowUp) -> None:
    story = Story()
    await follow_up.hear(story.identified(), story.received(language="de"), story.claimed(0))
    follow_up.clock.advance(HOUR - 0.001)
    await follow_up.act()
    assert await follow_up.said(MessageRequested) == []
    follow_up.clock.advance(0.001)
    await follow_up.act()
    requested, sent = await follow_up.said(MessageRequested, CheckInSent)
    assert isinstance(requested.data, MessageRequested)
    assert isinstance(sent.data, CheckInSent)
    assert requested.data.kind is MessageKind.CHECK_IN
    assert requested.data.personal.text.startswith("Guten Tag Anna Weber,")
    assert requested.data.message_id == sent.data.message_id
    assert (sent.data.sent_at, sent.data.closes_at) == (after(HOUR), after(HOUR + WINDOW))
    assert (requested.origin.topic, sent.origin.topic) == (
        "rapport.deliveries",
        "rapport.followups",
    )
    assert requested.trace == sent.trace == TRACE


async def test_two_workers_claim_disjointly_and_each_question_goes_out_once(
    follow_up: FollowUp,
) -> None:
    stories = [Story() for _ in range(120)]
    await follow_up.hear(*(event for s in stories for event in (s.received(), s.claimed(0))))
    follow_up.clock.advance(HOUR)
    await asyncio.gather(*(follow_up.act(batch=7) for _ in range(3)))
    sent = Counter(one.subject for one in await follow_up.said(CheckInSent))
    assert sent == {str(story.contact_id): 1 for story in stories}
    assert len(await follow_up.said(MessageRequested)) == len(stories)


async def test_what_another_worker_has_in_hand_is_passed_over(follow_up: FollowUp) -> None:
    stories = [Story() for _ in range(10)]
    await follow_up.hear(*(event for s in stories for event in (s.received(), s.claimed(0))))
    follow_up.clock.advance(HOUR)
    async with follow_up.database.transaction() as one, follow_up.database.transaction() as other:
        assert await follow_up.timing.ask_due(one, 6) == 6
        assert await follow_up.timing.ask_due(other, 6) == 4
    assert len(await follow_up.said(CheckInSent)) == 10


async def test_silence_closes_a_question_once(follow_up: FollowUp) -> None:
    await follow_up.asked()
    follow_up.clock.advance(WINDOW)
    await asyncio.gather(*(follow_up.act() for _ in range(3)))
    (unrefuted,) = await follow_up.said(ResolutionUnrefuted)
    assert unrefuted.trace == TRACE


@pytest.mark.parametrize("delay", [0, 0.002, 0.005])
async def test_an_answer_that_races_the_end_wins_or_loses_but_settles_once(
    follow_up: FollowUp, delay: float
) -> None:
    for _ in range(5):
        story = Story()
        token = await follow_up.token(await follow_up.asked(story))
        follow_up.clock.advance(WINDOW - 0.001)
        answered, _ = await asyncio.gather(
            answer(follow_up, token), end(follow_up, delay), return_exceptions=True
        )
        await follow_up.act()  # what the answer had in hand was passed over
        (check_in,) = await follow_up.check_ins(story)
        assert isinstance(check_in.state, Settled)
        lost = isinstance(answered, Closed)
        assert check_in.state.outcome is (Outcome.UNREFUTED if lost else Outcome.REFUTED)
        told = await follow_up.said(ResolutionConfirmed, ResolutionRefuted, ResolutionUnrefuted)
        assert [one.subject for one in told].count(str(story.contact_id)) == 1
        follow_up.clock.set(NOON)


async def answer(follow_up: FollowUp, token: str) -> None:
    async with follow_up.database.transaction() as tx:
        await follow_up.answering.answer(tx, token, Answer(solved=False))


async def end(follow_up: FollowUp, delay: float) -> None:
    """The last moment of the window passes."""
    await asyncio.sleep(delay)
    follow_up.clock.advance(0.001)
    await follow_up.act()


async def test_the_timers_sleep_until_they_are_told_of_something_earlier(
    follow_up: FollowUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = Counter[str]()
    plain = Timers.act

    async def counted(self: Timers, stop: asyncio.Event) -> None:
        looked["times"] += 1
        await plain(self, stop)

    monkeypatch.setattr(Timers, "act", counted)
    timers = Timers(follow_up.database, follow_up.timing, follow_up.clock, 1_000)
    async with running(timers):
        await eventually(lambda: looked["times"] == 1)
        story = Story()
        await follow_up.hear(story.received(), story.claimed(-HOUR))

        await eventually(lambda: is_sent(follow_up, story), within=5)
        assert looked["times"] <= 3
        await timers.check()


async def test_the_timers_wake_for_what_falls_due_while_they_sleep(follow_up: FollowUp) -> None:
    clock = SystemClock()
    story = Story()
    began = (clock.now() - after(0)).total_seconds()
    await follow_up.hear(story.received(), story.claimed(began - HOUR + 0.4))
    (check_in,) = await follow_up.check_ins(story)
    assert isinstance(check_in.state, Scheduled)
    follow_up.clock.set(clock.now())
    object.__setattr__(follow_up.timing, "clock", clock)
    async with running(Timers(follow_up.database, follow_up.timing, clock, 1_000)):
        await eventually(lambda: is_sent(follow_up, story), within=5)
    (now_sent,) = await follow_up.check_ins(story)
    assert isinstance(now_sent.state, Sent)
    assert now_sent.state.due_at <= now_sent.state.sent_at
    assert (now_sent.state.sent_at - now_sent.state.due_at).total_seconds() < 1


async def test_what_another_worker_holds_is_looked_at_again_without_spinning(
    follow_up: FollowUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story()
    await follow_up.hear(story.received(), story.claimed(0))
    follow_up.clock.advance(HOUR)
    looked = Counter[str]()
    plain = store.next_due

    async def counted(tx: Tx) -> object:
        looked["times"] += 1
        return await plain(tx)

    monkeypatch.setattr(store, "next_due", counted)
    async with follow_up.database.transaction() as other:
        await other.execute("select 1 from check_in for update")
        async with running(Timers(follow_up.database, follow_up.timing, follow_up.clock, 1_000)):
            await asyncio.sleep(0.5)
    assert 1 <= looked["times"] <= 11
