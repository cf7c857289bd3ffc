"""A desk is sent a goodbye when its api stops, and goes on where it was when there is one again."""

import asyncio
from collections.abc import Callable

from deploy.local.platform import API
from shared.contracts.topics import ROUTING
from tests.e2e.story import Agent, Centre, Json
from tests.support.eventually import eventually


async def test_a_desk_is_sent_a_goodbye_and_connects_again(centre: Centre) -> None:
    await centre.has_queue()
    ana = await centre.has_agent("ana")
    states: list[Json] = []
    watching = asyncio.create_task(until_goodbye(ana, states.append))
    first = (await centre.is_posted(centre.customer()))["contact_id"]
    assert await ana.takes() == first
    await eventually(lambda: bool(states and states[-1]["assignments"]), within=30)
    with centre.world.stopped(ROUTING, API) as api:
        await watching
        second = (await centre.is_posted(centre.customer()))["contact_id"]
    assert api.popen.returncode == 0
    assert [held["contact_id"] for held in states[-1]["assignments"]] == [first]
    assert await next_offer(ana) == second


async def until_goodbye(agent: Agent, show: Callable[[Json], None]) -> None:
    """Show every state of the desk; an error if the stream ends without a word."""
    async with asyncio.timeout(60), agent.states() as states:
        async for state in states:
            show(state)


async def next_offer(agent: Agent) -> str:
    """The contact that is offered, as the stream shows it."""
    async with asyncio.timeout(30), agent.states() as states:
        async for state in states:
            if state["offers"]:
                return str(state["offers"][0]["contact_id"])
    raise AssertionError("the stream ended without an offer")
