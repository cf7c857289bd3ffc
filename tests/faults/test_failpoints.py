"""Deaths at the worst moment, by kill -9. Nothing in the services helps: the moment is held from outside,
by a lock in the database or by a network that loses one word.
"""

import asyncio
import re

import pytest

from deploy.local.platform import API, WORKER
from shared.messaging.kafka import read_all
from tests.faults.ground import Ground
from tests.support.eventually import eventually

OFFSET_COMMIT = 8
COMMIT = rb"COMMIT;\x00"
"""The client's library says so in one small message, and waits."""
HELD = """
select count(*) from pg_locks held join pg_stat_activity using (pid)
where datname = current_database() and application_name = $1
  and not granted and held.relation = $2::regclass
"""
"""Backends of a process that wait for a table …"""
IN_A_BATCH = (
    HELD
    + """
  and exists (select from pg_locks marked where marked.pid = held.pid and marked.granted
              and marked.relation = 'inbox'::regclass and marked.mode = 'RowExclusiveLock')
"""
)
"""… and those of them that have written their marks and not committed."""
SECONDS = 60.0


def offset_commit_of(service: str) -> bytes:
    """How such a request begins: its number, its version, its turn, and who asks."""
    client = f"rapport-{service}".encode()
    name = len(client).to_bytes(2, "big") + client
    return re.escape(OFFSET_COMMIT.to_bytes(2, "big")) + rb"\x00.{5}" + re.escape(name)


async def waits(ground: Ground, service: str, table: str, query: str) -> None:
    name = f"{service}-{WORKER}"
    assert await ground.value(service, query, name, table), f"{name} does not wait for {table}"


async def taken_into(ground: Ground, service: str, table: str, count: int) -> None:
    assert await ground.value(service, f"select count(*) from {table}") >= count


async def duplicates(ground: Ground, service: str) -> float:
    name = "rapport_consumer_records_total"
    return await ground.metric(service, WORKER, name, outcome="duplicate")


async def test_a_consumer_dies_between_commit_and_offset(durable: Ground) -> None:
    ground, contacts = durable, "select count(*) from contact"
    async with ground.through_proxies("routing", WORKER):
        with ground.broker.losing(offset_commit_of("routing")) as trap:
            before = await ground.value("routing", contacts)
            await ground.take(20)
            await eventually(
                lambda: taken_into(ground, "routing", "contact", before + 20), within=SECONDS
            )
            await eventually(lambda: trap.caught > 0, within=SECONDS)
            ground.process("routing", WORKER).kill()

    async def redelivered() -> None:
        assert await duplicates(ground, "routing") >= 20

    await eventually(redelivered, within=SECONDS)
    assert await ground.value("routing", contacts) == before + 20


async def test_a_relay_dies_between_the_brokers_acknowledgement_and_its_own_cursor(
    ground: Ground,
) -> None:
    async with ground.connected("intake") as hand, hand.transaction():
        # A lock without a transaction id: an older one would keep the relay from reading.
        await hand.execute("lock table relay_cursor in share mode")
        before = len(await read_all(ground.kafka, "rapport.contacts"))
        await ground.take(10, "web")
        await eventually(lambda: waits(ground, "intake", "relay_cursor", HELD), within=SECONDS)
        published = len(await read_all(ground.kafka, "rapport.contacts")) - before
        ground.process("intake", WORKER).kill()
    assert published > 0
    await ground.start("intake", WORKER)

    async def published_again() -> None:
        records = len(await read_all(ground.kafka, "rapport.contacts")) - before
        assert records >= published + 10

    await eventually(published_again, within=SECONDS, every=0.5)


@pytest.mark.parametrize(
    ("service", "effect", "last"),
    [
        ("intake", "contact", "outbox"),
        ("routing", "contact", "outbox"),
        ("followup", "contact", "contact"),
        ("analytics", "fact", "rollup"),
    ],
)
async def test_a_service_dies_in_the_middle_of_a_batch(
    ground: Ground, service: str, effect: str, last: str
) -> None:
    async with ground.connected(service) as hand, hand.transaction():
        await hand.execute(f"lock table {last} in share mode")
        before = await hand.fetchval(f"select count(*) from {effect}")
        await ground.take(10, "api")
        await eventually(lambda: waits(ground, service, last, IN_A_BATCH), within=SECONDS)
        ground.process(service, WORKER).kill()
        assert await hand.fetchval(f"select count(*) from {effect}") == before
    await ground.start(service, WORKER)


async def test_an_api_dies_between_commit_and_response(ground: Ground) -> None:
    async with ground.through_proxies("intake", API):
        with ground.databases["intake"].losing(COMMIT, responses=True) as trap:
            before = await ground.value("intake", "select count(*) from contact")
            coming = asyncio.create_task(ground.take(2, "web", "mail"))
            await eventually(lambda: trap.caught > 0, within=SECONDS)
            await eventually(
                lambda: taken_into(ground, "intake", "contact", before + 1), within=SECONDS
            )
            assert not coming.done()
            ground.process("intake", API).kill()
        await ground.start("intake", API)
        await coming
        assert await ground.value("intake", "select count(*) from contact") == before + 2
