"""What is due is done once, by whichever worker comes first."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from services.followup.adapters.db import check_ins
from services.followup.application.next_due import ASK, CLOSE
from services.followup.domain.check_ins.model import (
    Answer,
    Outcome,
    Question,
    Scheduled,
    Sent,
    Settled,
)
from services.followup.domain.check_ins.policy import Policy, Rule
from services.followup.domain.check_ins.questions import Closed
from services.followup.entrypoints.jobs import JOBS, Context
from shared.contracts.cloudevents import Incoming
from shared.contracts.followup import (
    CheckInSent,
    ResolutionConfirmed,
    ResolutionRefuted,
    ResolutionUnrefuted,
)
from shared.contracts.routing import MessageRequested
from shared.contracts.values import MessageKind
from shared.database.database import Tx
from shared.jobs.periodic import PeriodicJob, periodic_jobs
from shared.jobs.signals import Signals, notify
from shared.kernel.clock import Clock, SystemClock
from shared.messaging.outbox.append import append
from shared.messaging.outbox.use_case import execute
from tests.integration.followup.following import HOUR, WINDOW, FollowUp
from tests.support.eventually import eventually
from tests.support.kafka import SOURCE, running
from tests.unit.followup.story import NOON, TRACE, Story, after

SHORT = Policy([Rule(delay=timedelta(seconds=HOUR), window=timedelta(seconds=5))])


async def is_sent(follow_up: FollowUp, story: Story) -> bool:
    return [type(one.state) for one in await follow_up.check_ins(story)] == [Sent]


def trace_id(event: Incoming[Any]) -> str:
    """The trace it belongs to; its parent is a step of ours."""
    return event.trace.parent[:35] if event.trace else ""


async def test_a_question_goes_out_when_it_is_due_and_not_before(follow_up: FollowUp) -> None:
    story = Story()
    await follow_up.consume(story.identified(), story.received(language="de"), story.claimed(0))
    follow_up.clock.advance(HOUR - 0.001)
    await follow_up.act()
    assert await follow_up.published(MessageRequested) == []
    follow_up.clock.advance(0.001)
    await follow_up.act()
    requested, sent = await follow_up.published(MessageRequested, CheckInSent)
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
    assert [trace_id(each) for each in (requested, sent)] == [TRACE.parent[:35]] * 2


async def test_two_workers_claim_disjointly_and_each_question_goes_out_once(
    follow_up: FollowUp,
) -> None:
    stories = [Story() for _ in range(120)]
    await follow_up.consume(*(event for s in stories for event in (s.received(), s.claimed(0))))
    follow_up.clock.advance(HOUR)
    await asyncio.gather(*(follow_up.act(batch=7) for _ in range(3)))
    sent = Counter(one.subject for one in await follow_up.published(CheckInSent))
    assert sent == {str(story.contact_id): 1 for story in stories}
    assert len(await follow_up.published(MessageRequested)) == len(stories)


async def test_what_another_worker_has_in_hand_is_passed_over(follow_up: FollowUp) -> None:
    stories = [Story() for _ in range(10)]
    await follow_up.consume(*(event for s in stories for event in (s.received(), s.claimed(0))))
    follow_up.clock.advance(HOUR)
    async with follow_up.database.transaction() as one, follow_up.database.transaction() as other:
        asked = [await follow_up.ask_due(tx, 6) for tx in (one, other)]
        assert [batch.answer for batch in asked] == [6, 4]
        for tx, batch in zip((one, other), asked, strict=True):
            await append(tx, SOURCE, batch.events)
    assert len(await follow_up.published(CheckInSent)) == 10


async def test_silence_closes_a_question_once(follow_up: FollowUp) -> None:
    await follow_up.asked()
    follow_up.clock.advance(WINDOW)
    await asyncio.gather(*(follow_up.act() for _ in range(3)))
    (unrefuted,) = await follow_up.published(ResolutionUnrefuted)
    assert trace_id(unrefuted) == TRACE.parent[:35]


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
        settled = await follow_up.published(
            ResolutionConfirmed, ResolutionRefuted, ResolutionUnrefuted
        )
        assert [one.subject for one in settled].count(str(story.contact_id)) == 1
        follow_up.clock.set(NOON)


async def answer(follow_up: FollowUp, token: str) -> None:
    use_case = partial(follow_up.answer_check_in, token=token, given=Answer(solved=False))
    await execute(follow_up.database, use_case)


async def end(follow_up: FollowUp, delay: float) -> None:
    """The last moment of the window passes."""
    await asyncio.sleep(delay)
    follow_up.clock.advance(0.001)
    await follow_up.act()


def parts(
    follow_up: FollowUp, signals: Signals, clock: Clock | None = None
) -> dict[str, PeriodicJob]:
    """The jobs of a worker."""
    context = Context(
        follow_up.database,
        clock or follow_up.clock,
        1_000,
        follow_up.ask_due,
        follow_up.close_due,
    )
    return periodic_jobs(JOBS, context, signals)


@asynccontextmanager
async def listening(follow_up: FollowUp) -> AsyncIterator[Signals]:
    """Signals that have set everything once, as they do when they begin to listen."""
    signals = Signals(follow_up.database)
    with signals.subscribe("begun") as begun:
        async with running(signals):
            await begun.wait(10)
            yield signals


async def test_a_job_sleeps_until_it_is_signalled_that_something_is_due_earlier(
    follow_up: FollowUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = Counter[str]()
    plain = check_ins.lock_due

    async def counted(tx: Tx, now: datetime, limit: int) -> list[Question]:
        looked["times"] += 1
        return await plain(tx, now, limit)

    monkeypatch.setattr(check_ins, "lock_due", counted)
    async with listening(follow_up) as signals:
        periodic = parts(follow_up, signals)
        async with running(*periodic.values()):
            await eventually(lambda: looked["times"] == 1)
            story = Story()
            await follow_up.consume(story.received(), story.claimed(-HOUR))

            await eventually(lambda: is_sent(follow_up, story), within=5)
            assert looked["times"] <= 3
            for job in periodic.values():
                await job.check()


@pytest.mark.parametrize(("waits", "woken"), [(60, False), (59.9, True), (30, True), (0, True)])
async def test_a_job_is_woken_for_what_is_due_soon_and_finds_the_rest_by_itself(
    follow_up: FollowUp, waits: float, woken: bool
) -> None:
    story = Story()
    async with listening(follow_up) as signals:
        with signals.subscribe(ASK) as ask, signals.subscribe("last") as last:
            await follow_up.consume(story.received(), story.claimed(waits - HOUR))
            async with follow_up.database.transaction() as tx:
                await notify(tx, ["last"])
            await eventually(lambda: last.is_set)
            assert ask.is_set == woken


async def test_a_question_that_was_sent_wakes_who_closes_it_when_its_window_is_short(
    follow_up: FollowUp,
) -> None:
    follow_up.ask_due = replace(follow_up.ask_due, policy=SHORT)
    async with listening(follow_up) as signals:
        with signals.subscribe(CLOSE) as close:
            await follow_up.asked()
            await eventually(lambda: close.is_set)


async def test_the_jobs_wake_for_what_falls_due_while_they_sleep(follow_up: FollowUp) -> None:
    clock = SystemClock()
    story = Story()
    began = (clock.now() - after(0)).total_seconds()
    await follow_up.consume(story.received(), story.claimed(began - HOUR + 0.4))
    (check_in,) = await follow_up.check_ins(story)
    assert isinstance(check_in.state, Scheduled)
    follow_up.ask_due = replace(follow_up.ask_due, clock=clock)
    signals = Signals(follow_up.database)
    async with running(signals, *parts(follow_up, signals, clock).values()):
        await eventually(lambda: is_sent(follow_up, story), within=5)
    (now_sent,) = await follow_up.check_ins(story)
    assert isinstance(now_sent.state, Sent)
    assert now_sent.state.due_at <= now_sent.state.sent_at
    assert (now_sent.state.sent_at - now_sent.state.due_at).total_seconds() < 1


async def test_what_another_worker_holds_is_looked_at_again_without_spinning(
    follow_up: FollowUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story()
    await follow_up.consume(story.received(), story.claimed(0))
    follow_up.clock.advance(HOUR)
    looked = Counter[str]()
    plain = check_ins.next_due

    async def counted(tx: Tx) -> datetime | None:
        looked["times"] += 1
        return await plain(tx)

    monkeypatch.setattr(check_ins, "next_due", counted)
    async with follow_up.database.transaction() as other, listening(follow_up) as signals:
        await other.execute("select 1 from check_in for update")
        async with running(*parts(follow_up, signals).values()):
            await asyncio.sleep(0.5)
    assert 1 <= looked["times"] <= 11
