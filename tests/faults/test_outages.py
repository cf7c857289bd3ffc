"""Parts that die or freeze while intake is under load: who was accepted is served, who cannot be
served is refused, readiness names what is wrong, and everything recovers without a restart.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from deploy.local.platform import API, WORKER
from deploy.local.processes import tail
from tests.faults.ground import Ground
from tests.support.eventually import eventually
from tests.support.outage import frozen

Outage = Callable[[Ground], AbstractAsyncContextManager[None]]
SHORT, LONG = 10.0, 60.0
NOTICED = 40.0


@asynccontextmanager
async def nobody_restarts(ground: Ground) -> AsyncIterator[None]:
    """The processes after the block are those before it."""
    before = {name: child.pid for name, child in ground.platform.running.items()}
    yield
    ended = [child for child in ground.platform.running.values() if not child.alive()]
    assert not ended, "\n".join(f"{child.name} ended\n{tail(child)}" for child in ended)
    assert {name: child.pid for name, child in ground.platform.running.items()} == before


@asynccontextmanager
async def database_away(ground: Ground) -> AsyncIterator[None]:
    ground.parts.postgres.kill()
    yield
    await asyncio.to_thread(ground.parts.postgres.start)


@asynccontextmanager
async def database_frozen(ground: Ground) -> AsyncIterator[None]:
    with frozen(ground.parts.postgres._child.pid):  # type: ignore[union-attr]
        yield


@asynccontextmanager
async def broker_dead(ground: Ground) -> AsyncIterator[None]:
    ground.parts.broker.kill()
    yield
    await asyncio.to_thread(ground.parts.broker.start)


@asynccontextmanager
async def broker_frozen(ground: Ground) -> AsyncIterator[None]:
    with frozen(ground.parts.broker._child.pid):  # type: ignore[attr-defined]
        yield


async def is_unready(ground: Ground, service: str, role: str, because: str) -> None:
    """Readiness is refused, and the reason is named."""

    async def refused() -> None:
        assert because in await ground.readiness(service, role)

    await eventually(refused, within=NOTICED, every=0.3)


async def is_ready(ground: Ground, service: str, role: str) -> None:
    async def ready() -> None:
        assert await ground.readiness(service, role) == {}

    await eventually(ready, within=NOTICED, every=0.3)


@pytest.mark.parametrize(
    ("how", "seconds"),
    [
        (broker_dead, SHORT),
        pytest.param(broker_dead, LONG, marks=pytest.mark.long),
        pytest.param(broker_frozen, LONG, marks=pytest.mark.long),
    ],
    ids=["dead, 10 s", "dead, 60 s", "frozen, 60 s"],
)
async def test_while_the_broker_is_away_intake_takes_everybody(
    durable: Ground, how: Outage, seconds: float
) -> None:
    ground, clock = durable, asyncio.get_running_loop().time
    async with nobody_restarts(ground), ground.under_load():
        await ground.more_are_taken(10)
        deferred = ground.memory.deferred.copy()
        async with how(ground):
            until = clock() + seconds
            await is_unready(ground, "intake", WORKER, "broker")
            assert await ground.readiness("intake", API) == {}
            while clock() < until:
                await ground.more_are_taken(1, "web", "mail")
            assert (ground.memory.deferred - deferred).keys() <= {"unpublished"}
        await is_ready(ground, "intake", WORKER)


@pytest.mark.parametrize(
    ("how", "cause", "seconds"),
    [
        (broker_dead, "broker", SHORT),
        (database_away, "database", SHORT),
        pytest.param(database_frozen, "database", LONG, marks=pytest.mark.long),
        pytest.param(broker_dead, "broker", 2 * LONG, marks=pytest.mark.long),
    ],
    ids=["broker, 10 s", "database, 10 s", "database frozen, 60 s", "broker, two minutes"],
)
async def test_the_log_of_an_outage_is_a_beginning_a_line_a_minute_and_an_end(
    durable: Ground, how: Outage, cause: str, seconds: float
) -> None:
    ground, clock = durable, asyncio.get_running_loop().time
    children = [ground.process("routing", WORKER)]
    children += [ground.process("intake", API)] * (cause == "database")
    async with ground.under_load():
        await ground.more_are_taken(10)
        before = [len(lines_of(child.log)) for child in children]
        async with how(ground):
            until = clock() + seconds
            await is_unready(ground, "routing", WORKER, cause)
            await eventually(lambda: clock() > until, within=seconds + 1)
        await is_ready(ground, "routing", WORKER)
        for child, start in zip(children, before, strict=True):
            story = partial(tells, child.log, start, cause, seconds)
            await eventually(story, within=NOTICED)


def tells(log: Path, start: int, cause: str, seconds: float) -> None:
    """The log has the story of one outage since that line, and next to nothing else."""
    lines = lines_of(log)[start:]
    story = [line["event"] for line in lines if line.get("of") == cause]
    assert story[0] == "an outage begins"
    assert story[-1] == "an outage is over"
    assert story[1:-1] == ["an outage goes on"] * len(story[1:-1])
    assert int(seconds // 60) - 1 <= len(story[1:-1]) <= int(seconds // 60), story
    others = [line for line in lines if line.get("of") != cause]
    assert len(others) <= 3, others


def lines_of(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


@pytest.mark.parametrize(
    "how",
    [database_away, pytest.param(database_frozen, marks=pytest.mark.long)],
    ids=["dead", "frozen"],
)
async def test_while_the_database_is_away_nobody_is_accepted(ground: Ground, how: Outage) -> None:
    memory = ground.memory
    async with nobody_restarts(ground), ground.under_load():
        await ground.more_are_taken(30)
        before = memory.deferred.copy()

        def both_servers_say_later() -> bool:
            later = memory.deferred - before
            return later["503"] > 2 and later["451"] > 2

        async with how(ground):
            await eventually(both_servers_say_later, within=NOTICED)
            taken = ground.taken("web", "mail")
            await is_unready(ground, "intake", API, "database")
            await is_unready(ground, "routing", WORKER, "database")
            assert ground.taken("web", "mail") == taken
        await is_ready(ground, "intake", API)
        await is_ready(ground, "routing", WORKER)


@pytest.mark.long
async def test_broker_and_database_die_together(durable: Ground) -> None:
    ground = durable
    async with nobody_restarts(ground), ground.under_load():
        await ground.more_are_taken(30)
        async with broker_dead(ground), database_away(ground):
            await is_unready(ground, "intake", API, "database")
            await is_unready(ground, "followup", WORKER, "broker")
        await is_ready(ground, "followup", WORKER)
