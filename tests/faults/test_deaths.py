"""Processes that die under load, by kill -9, and others that take over."""

import asyncio
from contextlib import AsyncExitStack
from random import Random

import pytest

from deploy.local.platform import SERVICES, WORKER
from tests.faults.ground import Ground
from tests.support.eventually import eventually

DEATHS = 16


@pytest.mark.long
async def test_of_two_workers_of_each_service_one_dies_and_the_other_goes_on(
    ground: Ground,
) -> None:
    async with AsyncExitStack() as opened:
        seconds = [ground.second(service) for service in SERVICES]
        await asyncio.gather(*map(opened.enter_async_context, seconds))
        async with ground.under_load():
            await ground.more_are_taken(40)
            for service in SERVICES:
                ground.process(service, WORKER).kill()  # the leading relay is in this one
            await ground.more_are_taken(60)
        await eventually(ground.all_published, within=60, every=0.5)
        assert not any(ground.process(service, WORKER).alive() for service in SERVICES)
        await ground.repair()


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
async def test_any_process_dies_again_and_again(durable: Ground, seed: int) -> None:
    ground, chance = durable, Random(seed)
    async with ground.under_load():
        for _ in range(DEATHS):
            service, role = chance.choice(list(ground.platform.running))
            ground.process(service, role).kill()
            await ground.more_are_taken(chance.randrange(20))
            await ground.start(service, role)
