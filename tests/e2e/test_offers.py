"""A contact is offered until somebody takes it, and never with two people at once."""

import asyncio

import httpx2

from shared.contracts.routing import AssignmentStarted
from tests.e2e.story import Agent, Centre, refusal
from tests.support.eventually import eventually


async def test_a_declined_offer_goes_to_another_agent(centre: Centre) -> None:
    await centre.has_queue()
    first, second = await centre.has_agent("ana"), await centre.has_agent("ben")
    contact_id = (await centre.is_posted(centre.customer()))["contact_id"]
    asked, other = await whoever_is_offered(first, second)
    await asked.decline((await asked.is_offered())["offer_id"], "busy with a colleague")
    assert await other.takes() == contact_id
    states = {one["state"] for one in (await other.contact(contact_id))["offers"]}
    assert states == {"declined", "accepted"}


async def test_an_offer_nobody_answers_expires_and_goes_to_another_agent(centre: Centre) -> None:
    await centre.has_queue(offers_last=1)
    first, second = await centre.has_agent("ana"), await centre.has_agent("ben")
    await centre.is_posted(centre.customer())
    asked, other = await whoever_is_offered(first, second)
    late = await asked.is_offered()
    await other.takes()
    assert await accepted(asked, late["offer_id"]) == 409


async def test_of_all_who_try_to_accept_at_once_one_wins(centre: Centre) -> None:
    await centre.has_queue()
    ana, ben = await centre.has_agent("ana"), await centre.has_agent("ben")
    contact_id = (await centre.is_posted(centre.customer()))["contact_id"]
    asked, other = await whoever_is_offered(ana, ben)
    offer_id = (await asked.is_offered())["offer_id"]
    async with centre.screens(asked, 3) as screens:
        racing = [asked, *screens, other]
        answers = await asyncio.gather(*(accepted(agent, offer_id) for agent in racing))
    assert sorted(answers) == [200, 404, 409, 409, 409]
    held = [agent for agent in (ana, ben) if (await agent.desk())["assignments"]]
    assert held == [asked]
    await eventually(lambda: is_started_once(centre, contact_id), within=10)


async def test_two_agents_race_for_an_offer_that_moved_on_and_one_wins(centre: Centre) -> None:
    await centre.has_queue(offers_last=1)
    ana, ben = await centre.has_agent("ana"), await centre.has_agent("ben")
    contact_id = (await centre.is_posted(centre.customer()))["contact_id"]
    asked, other = await whoever_is_offered(ana, ben)
    old = (await asked.is_offered())["offer_id"]
    new = (await other.is_offered())["offer_id"]
    answers = await asyncio.gather(accepted(asked, old), accepted(other, new))
    assert list(answers) == [409, 200]
    assert [one["contact_id"] for one in (await other.desk())["assignments"]] == [contact_id]


async def test_nobody_holds_more_than_they_have_room_for(centre: Centre) -> None:
    await centre.has_queue()
    ana = await centre.has_agent("ana", at_once=2)
    await asyncio.gather(*(centre.is_posted(centre.customer()) for _ in range(6)))
    held = [await ana.takes() for _ in range(2)]
    desk = await ana.desk()
    assert len(desk["assignments"]) == 2
    assert desk["offers"] == []
    await ana.solves(held[0])
    assert await ana.takes() not in held


async def is_started_once(centre: Centre, contact_id: str) -> bool:
    """Whether exactly one assignment of the contact is published."""
    started = [
        event
        for event in await centre.events_about(contact_id)
        if isinstance(event.data, AssignmentStarted)
    ]
    assert len(started) <= 1
    return bool(started)


async def whoever_is_offered(one: Agent, two: Agent) -> tuple[Agent, Agent]:
    """Who of the two has the offer, and who has not."""
    waiting = {asyncio.create_task(agent.is_offered()): agent for agent in (one, two)}
    done, rest = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    asked = waiting[done.pop()]
    return asked, two if asked is one else one


async def accepted(agent: Agent, offer_id: str) -> int:
    """The status of an attempt to accept."""
    try:
        await agent.accept(offer_id)
    except httpx2.HTTPStatusError as error:
        return int(refusal(error)["status"])
    return 200
