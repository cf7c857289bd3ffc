"""What is heard from the other services, kept in a real database."""

import asyncio

import pytest

from services.followup.domain.model import Scheduled, Skipped, Waiting
from shared.contracts.followup import CheckInScheduled, CheckInSkipped
from tests.integration.followup.following import HOUR, FollowUp
from tests.unit.followup.story import Story, after


async def test_a_claim_is_kept_until_its_contact_is_heard_of(follow_up: FollowUp) -> None:
    story = Story()
    await follow_up.hear(story.claimed(0))
    (kept,) = await follow_up.check_ins(story)
    assert kept.state == Waiting()
    await follow_up.hear(story.received())
    (completed,) = await follow_up.check_ins(story)
    assert completed.state == Scheduled(after(HOUR))
    (told,) = await follow_up.said(CheckInScheduled)
    assert told.trace == story.received().trace


@pytest.mark.parametrize("met_before", [True, False])
async def test_two_workers_that_hear_of_one_contact_at_once_lose_nothing(
    follow_up: FollowUp, met_before: bool
) -> None:
    for _ in range(15):
        stories = [Story() for _ in range(10)]
        if met_before:
            await follow_up.hear(*(story.wrote_again(-1) for story in stories))
        await asyncio.gather(
            follow_up.hear(*(story.received() for story in stories)),
            follow_up.hear(*(story.claimed(0) for story in reversed(stories))),
        )
        for story in stories:
            (check_in,) = await follow_up.check_ins(story)
            assert check_in.state == Scheduled(after(HOUR))


async def test_a_whole_life_in_one_batch_and_event_by_event_end_alike(follow_up: FollowUp) -> None:
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
            await follow_up.hear(*batch)
        ends.append([type(one.state) for one in await follow_up.check_ins(story)])
    assert ends == [[Skipped, Scheduled]] * 2
    assert len(await follow_up.said(CheckInSkipped)) == 2


async def test_a_reopened_contact_is_not_asked(follow_up: FollowUp) -> None:
    story = Story()
    await follow_up.hear(story.received(), story.claimed(0))
    await follow_up.hear(story.wrote_again(60))
    follow_up.clock.advance(2 * HOUR)
    await follow_up.act()
    (check_in,) = await follow_up.check_ins(story)
    assert isinstance(check_in.state, Skipped)
    assert [type(one.data) for one in await follow_up.said()] == [CheckInScheduled, CheckInSkipped]


async def test_names_follow_the_customer(follow_up: FollowUp) -> None:
    story = Story()
    await follow_up.hear(story.identified("Anna"))
    await follow_up.hear(story.identified("Anna Weber"), story.identified("Anna Berg"))
    async with follow_up.database.connection() as tx:
        assert await tx.fetchval("select name from customer") == "Anna Berg"
