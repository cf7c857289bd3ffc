"""A worker that stands still for longer than its lease lasts: another publishes, and nothing is the worse."""

import json
from collections.abc import Collection

import pytest

from deploy.local.platform import WORKER
from shared.contracts.topics import AGENTS, CUSTOMERS, QUEUES, Topic
from shared.jobs.lease import LIFE_SECONDS
from shared.messaging.kafka import read_all
from tests.faults.ground import Ground
from tests.support.eventually import eventually
from tests.support.outage import frozen

HOLDER = "select number from lease where name = 'relay' and expires_at > clock_timestamp()"
NEWEST = """
select convert_from(key, 'UTF8') as key, max(convert_from(value, 'UTF8')::json ->> 'id') as id
from (
  select distinct on (key) key, value from outbox
  where topic = $1 and type is not null order by key, xid desc, position desc
) as newest group by 1
"""
OF = {"intake": (CUSTOMERS,), "routing": (AGENTS, QUEUES)}


@pytest.mark.long
@pytest.mark.parametrize("service", ["intake", "routing"])
async def test_a_holder_that_sleeps_through_its_lease_loses_and_doubles_nothing(
    durable: Ground, service: str
) -> None:
    ground = durable
    async with ground.under_load(), ground.second(service):
        await ground.more_are_taken(20)
        before = await ground.value(service, HOLDER)
        with frozen(ground.process(service, WORKER).pid):

            async def another_holds_it() -> None:
                assert (await ground.value(service, HOLDER) or before) > before

            await eventually(another_holds_it, within=2 * LIFE_SECONDS, every=0.2)
            await ground.more_are_taken(20)
        await ground.more_are_taken(20)
    await eventually(ground.all_published, within=60, every=0.5)
    for topic in OF[service]:
        newest = await states_in(ground, service, topic)
        assert await states_on(ground, topic, newest.keys()) == newest


async def states_on(ground: Ground, topic: Topic, keys: Collection[str]) -> dict[str, str]:
    """Of each of these keys the last record on a compacted topic: the event it holds.

    Other drills write there what is no event, under keys of their own.
    """
    records = await read_all(ground.kafka, topic.name)
    keyed = [((record.key or b"").decode(), record.value or b"{}") for record in records]
    return {key: json.loads(value)["id"] for key, value in keyed if key in keys}


async def states_in(ground: Ground, service: str, topic: Topic) -> dict[str, str]:
    """Of each key the newest event in the outbox."""
    async with ground.connected(service) as connection:
        return {row["key"]: row["id"] for row in await connection.fetch(NEWEST, topic.name)}
