"""SIGTERM under load: what was begun is finished in time, streams end with a goodbye, nothing is lost."""

import asyncio

import httpx2
import pytest

from deploy.local.people.desks import Desk
from deploy.local.platform import API, SERVICES, WORKER
from tests.faults.ground import WATCHER, Ground
from tests.support.eventually import eventually


@pytest.mark.long
async def test_every_process_is_restarted_one_after_another_under_load(ground: Ground) -> None:
    async with ground.under_load():
        for service, role in list(ground.platform.running):
            await ground.more_are_taken(5)
            await ground.restart(service, role)


async def test_what_a_worker_finished_is_not_handed_to_its_successor(ground: Ground) -> None:
    async with ground.under_load():
        await ground.more_are_taken(30)
        await asyncio.gather(*(ground.restart(service, WORKER) for service in SERVICES))
        await ground.more_are_taken(30)
    for service in SERVICES:
        again = await ground.metric(
            service, WORKER, "rapport_consumer_records_total", outcome="duplicate"
        )
        assert again == 0, f"{again} records were handed to {service} again"


async def test_a_stream_ends_with_a_goodbye_and_an_offer_outlives_the_restart(
    ground: Ground,
) -> None:
    token = ground.platform.issuer.mint(WATCHER, ["desk"])
    async with Desk(ground.where.api["routing"], WATCHER, token) as desk:
        await desk.presence("ready")
        offered = asyncio.create_task(first_offer(desk))
        await ground.take(1, "web")
        offer_id = await asyncio.wait_for(offered, 30)
        watching = asyncio.create_task(watch(desk))
        await eventually(lambda: streams(ground), within=30)
        await asyncio.gather(*(ground.restart("routing", role) for role in (API, WORKER)))
        await asyncio.wait_for(watching, 30)  # raises if the stream broke without a word
        contact_id = (await desk.accept(offer_id))["contact_id"]
        await desk.resolve(contact_id)
        await desk.wrap_up(contact_id)
        await desk.presence("offline")


async def first_offer(desk: Desk) -> str:
    async with desk.states() as states:
        async for state in states:
            if state["offers"]:
                return str(state["offers"][0]["offer_id"])
    raise httpx2.RemoteProtocolError("the platform said goodbye")


async def watch(desk: Desk) -> None:
    async with desk.states() as states:
        async for _ in states:
            continue


async def streams(ground: Ground) -> None:
    assert await ground.metric("routing", API, "rapport_http_streams") > 0
