"""When no more can be held, whoever comes is asked to come again, and afterwards everybody is served."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from deploy.local.platform import API, WORKER
from tests.faults.ground import Ground
from tests.faults.test_outages import NOTICED, broker_dead, is_ready, is_unready, nobody_restarts
from tests.support.eventually import eventually

MAX_ROWS = 150
FULL = """
create function disk_full() returns trigger language plpgsql as
$$ begin raise exception using errcode = '53100', message = 'could not extend file: no space left'; end $$;
create trigger disk_full before insert on message for each statement execute function disk_full();
"""
FREED = "drop function disk_full cascade"


@asynccontextmanager
async def outbox_limited(ground: Ground) -> AsyncIterator[None]:
    """Inside the block intake takes nobody in while so many events wait to be published."""
    extra, own = ground.platform.extra_env, ground.platform.extra_env["intake"]
    extra["intake"] = own | {"RAPPORT_OUTBOX__MAX_ROWS": str(MAX_ROWS)}
    try:
        for role in (API, WORKER):
            await ground.restart("intake", role)
        yield
    finally:
        extra["intake"] = own
        for role in (API, WORKER):
            await ground.restart("intake", role)


@asynccontextmanager
async def disk_full(ground: Ground) -> AsyncIterator[None]:
    """PostgreSQL answers as it does without space; a disk of our own would need rights we have not."""
    async with ground.connected("intake") as connection:
        await connection.execute(FULL)
        try:
            yield
        finally:
            await connection.execute(FREED)


async def both_servers_defer(ground: Ground) -> None:
    """From now on both the web and the mail server say "not now"."""
    before = ground.memory.deferred.copy()

    def both() -> bool:
        later = ground.memory.deferred - before
        return later["503"] > 2 and later["451"] > 2

    await eventually(both, within=NOTICED)


async def test_while_too_much_waits_to_be_published_nobody_is_accepted_and_later_everybody(
    durable: Ground,
) -> None:
    ground = durable
    async with outbox_limited(ground), nobody_restarts(ground), ground.under_load():
        await ground.more_are_taken(10)
        async with broker_dead(ground):
            await both_servers_defer(ground)
            await is_unready(ground, "intake", API, "outbox")
            await is_unready(ground, "intake", WORKER, "outbox")
            taken = ground.taken("web", "mail")
            await both_servers_defer(ground)
            assert ground.taken("web", "mail") == taken
            assert await ground.metric("intake", API, "rapport_outbox_rows") >= MAX_ROWS
        await is_ready(ground, "intake", API)
        await is_ready(ground, "intake", WORKER)
        await ground.more_are_taken(10, "web", "mail")
    await eventually(ground.all_published, within=NOTICED)


async def test_while_the_disk_is_full_nobody_is_accepted_and_later_everybody(
    ground: Ground,
) -> None:
    async with nobody_restarts(ground), ground.under_load():
        await ground.more_are_taken(10)
        async with disk_full(ground):
            await both_servers_defer(ground)
            taken = ground.taken("web", "mail")
            await both_servers_defer(ground)
            assert ground.taken("web", "mail") == taken
        await ground.more_are_taken(10, "web", "mail")
