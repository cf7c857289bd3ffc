"""A recount of many contacts holds up no relay of the cluster, and nobody who counts."""

import asyncio
from datetime import timedelta

import msgspec

from services.analytics.application.recounting import recount
from shared.contracts.cloudevents import Outgoing
from shared.database.database import Database
from shared.messaging.outbox.append import append
from shared.messaging.outbox.relay import Relay
from shared.settings import KafkaSettings
from tests.conftest import OpenDatabase
from tests.integration.analytics.conftest import Count
from tests.integration.analytics.recounting import wrong
from tests.support.eventually import eventually
from tests.support.kafka import SOURCE, confirmed, running
from tests.support.life import NOON, whole_life
from tests.support.open_transactions import ages_seen
from tests.unit.analytics.histories import fact_of

KINDS, COPIES = 400, 75
"""Contacts of so many quarters of an hour, queues and channels, each so many times: 30,000."""
A_FEW_SECONDS = 5.0
COPY = """
insert into fact select gen_random_uuid(), body::jsonb
from unnest($1::text[]) as given (body), generate_series(1, $2)
"""
BEHIND = """
select count(*) from outbox left join relay_cursor as here on here.id = 1
where here.id is null or (outbox.xid, outbox.position) > (here.xid, here.position)
"""


async def grow(database: Database) -> None:
    lives = [whole_life(seed, NOON + timedelta(hours=3 * seed)) for seed in range(KINDS)]
    bodies = [msgspec.json.encode(fact_of(life)).decode() for life in lives]
    async with database.transaction() as tx:
        await tx.execute(COPY, bodies, COPIES)


async def publish_one(database: Database) -> float:
    """Have an event published; how many seconds that took from its commit."""
    async with database.transaction() as tx:
        await append(tx, SOURCE, [Outgoing(confirmed())])
    began = asyncio.get_running_loop().time()

    async def published() -> bool:
        async with database.connection() as connection:
            return not await connection.fetchval(BEHIND)

    await eventually(published, within=30)
    return asyncio.get_running_loop().time() - began


async def test_a_recount_of_many_contacts_holds_up_no_relay(
    database: Database, count_batch: Count, open_database: OpenDatabase, broker: KafkaSettings
) -> None:
    others = await open_database("messaging")
    waits: list[float] = []
    await grow(database)
    async with running(Relay(others, broker)):
        await publish_one(others)
        async with ages_seen(others) as ages:
            recounting = asyncio.create_task(recount(database, lambda *_: None))
            while not recounting.done():
                await count_batch(whole_life(len(waits)).incoming())
                waits.append(await publish_one(others))
            counted = await recounting
    assert counted >= KINDS * COPIES
    assert len(waits) > 10 < ages.looks
    assert max(waits) < A_FEW_SECONDS > ages.greatest > 0
    assert await wrong(database) == {}
