"""What the other services' events change, kept in a real database."""

import asyncio

import pytest

from services.followup.adapters.db import check_ins
from services.followup.domain.check_ins.model import Scheduled, Skipped, StillOpen, Waiting
from shared.contracts.followup import (
    CheckInScheduled,
    CheckInSent,
    CheckInSkipped,
    ResolutionConfirmed,
    ResolutionRefuted,
    ResolutionUnrefuted,
)
from shared.contracts.routing import QueuedReason, ReviewVerdict
from shared.kernel.ids import new_id
from tests.integration.followup.following import HOUR, WINDOW, FollowUp
from tests.unit.followup.story import Story, after


async def test_a_claim_is_kept_until_its_contact_is_known(follow_up: FollowUp) -> None:
    story = Story()
    await follow_up.consume(story.claimed(0))
    (kept,) = await follow_up.check_ins(story)
    assert kept.state == Waiting()
    await follow_up.consume(story.received())
    (completed,) = await follow_up.check_ins(story)
    assert completed.state == Scheduled(after(HOUR))
    (event,) = await follow_up.published(CheckInScheduled)
    assert event.trace == story.received().trace


@pytest.mark.parametrize("met_before", [True, False])
async def test_two_workers_with_events_of_one_contact_at_once_lose_nothing(
    follow_up: FollowUp, met_before: bool
) -> None:
    for _ in range(15):
        stories = [Story() for _ in range(10)]
        if met_before:
            await follow_up.consume(*(story.failed(new_id()) for story in stories))
        await asyncio.gather(
            follow_up.consume(*(story.received() for story in stories)),
            follow_up.consume(*(story.claimed(0) for story in reversed(stories))),
        )
        for story in stories:
            (check_in,) = await follow_up.check_ins(story)
            assert check_in.state == Scheduled(after(HOUR))


async def test_a_whole_lifecycle_in_one_batch_and_event_by_event_end_alike(
    follow_up: FollowUp,
) -> None:
    stories = [Story(), Story()]
    ends = []
    for story, at_once in zip(stories, (True, False), strict=True):
        events = [
            story.claimed(0),
            story.received(),
            story.queued(10),
            story.claimed(20, 2),
            story.wrote_again(15),
        ]
        for batch in [events] if at_once else [[event] for event in events]:
            await follow_up.consume(*batch)
        ends.append([type(one.state) for one in await follow_up.check_ins(story)])
    assert ends == [[Skipped, Scheduled]] * 2
    assert len(await follow_up.published(CheckInSkipped)) == 2


async def test_a_reopened_contact_is_not_asked(follow_up: FollowUp) -> None:
    story = Story()
    await follow_up.consume(story.received(), story.claimed(0))
    await follow_up.consume(story.queued(60))
    follow_up.clock.advance(2 * HOUR)
    await follow_up.act()
    (check_in,) = await follow_up.check_ins(story)
    assert isinstance(check_in.state, Skipped)
    assert [type(one.data) for one in await follow_up.published()] == [
        CheckInScheduled,
        CheckInSkipped,
    ]


async def test_thanks_after_a_claim_hold_the_question_back_until_an_agent_has_read_them(
    follow_up: FollowUp,
) -> None:
    story = Story()
    await follow_up.consume(story.received(), story.claimed(0))
    await follow_up.consume(story.queued(60, QueuedReason.WROTE_AGAIN))
    follow_up.clock.advance(2 * HOUR)
    await follow_up.act()
    assert await follow_up.published(CheckInSent, ResolutionRefuted, CheckInSkipped) == []
    await follow_up.consume(story.reviewed(2 * HOUR, ReviewVerdict.NOTHING_NEW))
    follow_up.clock.advance(HOUR - 1)
    await follow_up.act()
    assert await follow_up.published(CheckInSent) == []
    follow_up.clock.advance(1)
    await follow_up.act()
    assert len(await follow_up.published(CheckInSent)) == 1


async def test_a_window_stays_open_until_the_word_and_then_for_its_whole_length(
    follow_up: FollowUp,
) -> None:
    story = Story()
    await follow_up.asked(story)
    await follow_up.consume(story.queued(HOUR + 60, QueuedReason.WROTE_AGAIN))
    follow_up.clock.advance(2 * WINDOW)
    await follow_up.act()
    async with follow_up.database.connection() as tx:
        assert await check_ins.next_due(tx) is None
        assert await check_ins.next_closing(tx) is None
    said_at = HOUR + 2 * WINDOW
    await follow_up.consume(story.reviewed(said_at, ReviewVerdict.NOTHING_NEW))
    await follow_up.act()
    assert await follow_up.published(ResolutionUnrefuted) == []
    follow_up.clock.advance(WINDOW)
    await follow_up.act()
    assert len(await follow_up.published(ResolutionUnrefuted)) == 1


@pytest.mark.parametrize("known_late", [False, True])
async def test_still_open_settles_the_claim_as_refuted_once(
    follow_up: FollowUp, known_late: bool
) -> None:
    story = Story()
    word = story.reviewed(90, ReviewVerdict.STILL_OPEN)
    events = [story.claimed(0), story.queued(60, QueuedReason.WROTE_AGAIN), word, word]
    received = story.received()
    for event in [*events, received] if known_late else [received, *events]:
        await follow_up.consume(event)
    follow_up.clock.advance(10 * WINDOW)
    await follow_up.act()
    (check_in,) = await follow_up.check_ins(story)
    assert isinstance(check_in.state, StillOpen)
    (refuted,) = await follow_up.published(
        ResolutionConfirmed, ResolutionRefuted, ResolutionUnrefuted
    )
    assert isinstance(refuted.data, ResolutionRefuted)
    assert refuted.data.resolution_id == story.resolution_id()


async def test_names_follow_the_customer(follow_up: FollowUp) -> None:
    story = Story()
    await follow_up.consume(story.identified("Anna"))
    await follow_up.consume(story.identified("Anna Weber"), story.identified("Anna Berg"))
    async with follow_up.database.connection() as tx:
        assert await tx.fetchval("select name from customer") == "Anna Berg"
