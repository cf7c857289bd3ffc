"""The desk's stream: the whole desk at once and at each change, and a goodbye."""

import asyncio
from pathlib import Path

import httpx2

from services.routing.entrypoints.jobs import JOBS, Context
from shared.jobs.periodic import periodic_jobs
from shared.jobs.signals import Signals
from tests.integration.routing.api import Api, serve, settings_at
from tests.integration.routing.world import World
from tests.support.kafka import running


async def test_the_stream_shows_the_desk_at_once_and_whenever_it_changes(
    world: World, api: Api
) -> None:
    await world.queue()
    await world.agent()
    async with api.events() as events:
        name, desk = await anext(events)
        assert (name, desk["presence"], desk["offers"]) == ("desk", "ready", [])
        contact_id = await world.receive()
        await world.dispatch()
        name, desk = await anext(events)
        assert [offer["contact_id"] for offer in desk["offers"]] == [str(contact_id)]
        await api.post(f"/v1/offers/{desk['offers'][0]['offer_id']}/accept")
        name, desk = await anext(events)
        assert (desk["offers"], len(desk["assignments"])) == ([], 1)


async def test_the_stream_says_goodbye_when_the_process_stops(world: World, tmp_path: Path) -> None:
    await world.agent()
    names: list[str] = []
    async with serve(world, tmp_path) as api:
        ready = asyncio.Event()

        async def listen() -> None:
            own = httpx2.AsyncClient(base_url=api.client.base_url)
            async with own, Api(own, api.issuer).events() as events:
                async for name, _ in events:
                    names.append(name)
                    ready.set()

        listening = asyncio.create_task(listen())
        await ready.wait()
    await listening
    assert names == ["desk", "bye"]


async def test_nobody_without_a_desk_gets_a_stream(api: Api) -> None:
    assert (await api.get("/v1/desk/events", "nobody")).status_code == 404


async def test_a_waiting_contact_is_offered_as_soon_as_somebody_is_ready(
    world: World, api: Api, tmp_path: Path
) -> None:
    await world.queue()
    await world.agent(ready=False)
    contact_id = await world.receive()
    signals = Signals(world.database)
    settings = settings_at(tmp_path, dispatch_seconds=600.0)
    own = periodic_jobs(JOBS, Context(world.database, world.clock, settings), signals)
    async with running(signals, *own.values()), api.events() as events:
        assert (await anext(events))[1]["presence"] == "offline"
        await api.put("/v1/desk/presence", {"presence": "ready"})
        async for _, desk in events:
            if desk["offers"]:
                break
    assert desk["offers"][0]["contact_id"] == str(contact_id)
