"""Workers of which each runs one part alone, two of each: one of them dies, and nothing is the worse."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx2
import pytest

from deploy.local.platform import WORKER
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.processes import Child, http_ok, wait_until_ready
from shared.jobs.lease import LIFE_SECONDS
from shared.observability.kinds import WorkerPart
from tests.faults.ground import START, Ground
from tests.support.eventually import eventually

OF = {
    "intake": tuple(WorkerPart),
    "routing": (WorkerPart.JOBS, WorkerPart.CONSUMERS, WorkerPart.RELAY),
}
SHOWN_BY = {
    "rapport_relay_leading": WorkerPart.RELAY,
    "rapport_consumer_batch_seconds_count": WorkerPart.CONSUMERS,
    "rapport_timer_lateness_seconds": WorkerPart.JOBS,
}


@dataclass
class Apart:
    """A worker of one part."""

    part: WorkerPart
    child: Child
    ops: str

    async def asked(self, path: str) -> str:
        async with httpx2.AsyncClient(trust_env=False, timeout=10) as client:
            return (await client.get(f"{self.ops}{path}")).text


@asynccontextmanager
async def apart(
    ground: Ground, service: str, part: WorkerPart, number: int
) -> AsyncIterator[Apart]:
    """Inside the block one more worker is at work, with this part alone; it may die."""
    port = free_port()
    env = ground.surroundings(service, WORKER) | {"RAPPORT_OPS__PORT": str(port)}
    argv = [sys.executable, "-m", f"services.{service}", WORKER, "--parts", part]
    child = ground.parts.instance.spawn(f"{service}-{part}-{number}", argv, env=env)
    try:
        await asyncio.to_thread(wait_until_ready, child, lambda: http_ok(port, "/readyz"), START)
        yield Apart(part, child, f"http://{LOOPBACK}:{port}")
    finally:
        await asyncio.to_thread(child.stop, 25)


@pytest.mark.long
@pytest.mark.parametrize("service", OF)
async def test_of_two_workers_of_each_part_one_dies_and_the_other_goes_on(
    ground: Ground, service: str
) -> None:
    async with AsyncExitStack() as opened:
        workers = [
            await opened.enter_async_context(apart(ground, service, part, number))
            for part in OF[service]
            for number in (1, 2)
        ]
        await asyncio.to_thread(ground.process(service, WORKER).stop, 25)
        await each_speaks_of_its_own_part_alone(workers)
        async with ground.under_load():
            await ground.more_are_taken(30)
            for worker in {worker.part: worker for worker in workers}.values():
                worker.child.kill()
            await ground.more_are_taken(30)
        await eventually(ground.all_published, within=60 + LIFE_SECONDS, every=0.5)
        await ground.judged()


async def each_speaks_of_its_own_part_alone(workers: list[Apart]) -> None:
    for worker in workers:
        said = await worker.asked("/metrics")
        assert "\nrapport_outbox_age_seconds " in said
        for name, part in SHOWN_BY.items():
            assert (name in said) == (part is worker.part), (name, worker.part)
        assert ('"relay"' in await worker.asked("/readyz")) == (worker.part is WorkerPart.RELAY)
