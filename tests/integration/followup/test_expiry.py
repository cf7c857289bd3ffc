"""Of a contact that has expired nothing stays: nobody is asked, whatever comes late, in any order."""

import asyncio

import pytest

from shared.contracts.followup import CheckInSent
from shared.kernel.errors import Missing
from tests.integration.followup.following import HOUR, WINDOW, FollowUp
from tests.unit.followup.story import Story


async def rows(follow_up: FollowUp) -> tuple[int, int]:
    """How many contacts and check-ins there are."""
    async with follow_up.database.connection() as tx:
        contacts = await tx.fetchval("select count(*) from contact")
        return contacts, await tx.fetchval("select count(*) from check_in")


async def test_a_question_that_was_not_asked_yet_is_never_asked(follow_up: FollowUp) -> None:
    story, other = Story(), Story()
    await follow_up.consume(*(each.received() for each in (story, other)))
    await follow_up.consume(story.claimed(0), other.claimed(0))
    before = await follow_up.published()
    await follow_up.consume(story.expired())
    assert await rows(follow_up) == (1, 1)
    assert await follow_up.published() == before
    follow_up.clock.advance(HOUR)
    await follow_up.act()
    [asked] = await follow_up.published(CheckInSent)
    assert asked.subject == str(other.contact_id)


async def test_a_question_that_was_asked_is_closed_with_it_and_its_link_leads_nowhere(
    follow_up: FollowUp,
) -> None:
    story = Story()
    check_in = await follow_up.asked(story)
    token = await follow_up.token(check_in)
    before = await follow_up.published()
    await follow_up.consume(story.expired())
    follow_up.clock.advance(WINDOW - 1)
    async with follow_up.database.connection() as tx:
        with pytest.raises(Missing):
            await follow_up.questions.look(tx, token)
    follow_up.clock.advance(1)
    await follow_up.act()
    assert await rows(follow_up) == (0, 0)
    assert await follow_up.published() == before


async def test_all_that_comes_late_or_again_changes_nothing(follow_up: FollowUp) -> None:
    story = Story()
    late = [story.received(), story.claimed(0), story.queued(10), story.expired()]
    await follow_up.consume(story.expired())
    for event in late:
        await follow_up.consume(event)
    await follow_up.consume(*reversed(late))
    assert await rows(follow_up) == (0, 0)
    assert await follow_up.published() == []


async def test_a_claim_that_comes_at_the_same_moment_does_not_bring_it_back(
    follow_up: FollowUp,
) -> None:
    for _ in range(15):
        stories = [Story() for _ in range(10)]
        await follow_up.consume(*(story.received() for story in stories))
        await asyncio.gather(
            follow_up.consume(*(story.expired() for story in stories)),
            follow_up.consume(*(story.claimed(0) for story in reversed(stories))),
        )
        assert await rows(follow_up) == (0, 0)
