"""What a relay wrote too late on a compacted topic is followed by the newest state again."""

import asyncio
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from shared.contracts.cloudevents import Outgoing
from shared.contracts.record import EVENT_HEADERS
from shared.contracts.routing import AgentChanged, AgentPersonal, Presence
from shared.contracts.topics import AGENTS
from shared.database.database import Database
from shared.messaging.kafka import Message, Producer, partition_of
from shared.messaging.outbox.append import append
from shared.messaging.outbox.relay import Relay
from shared.messaging.outbox.restate import restate
from shared.settings import KafkaSettings
from tests.support.eventually import eventually
from tests.support.kafka import (
    AT,
    SOURCE,
    confirmed,
    consumed_from,
    publish,
    running,
)


def agent(agent_id: str, presence: Presence) -> Outgoing:
    return Outgoing(
        AgentChanged(
            agent_id=agent_id,
            presence=presence,
            skills={},
            languages=("en",),
            capacity={},
            authorities=(),
            changed_at=AT,
            personal=AgentPersonal(name="Ana"),
        )
    )


async def appended(database: Database, *outgoing: Outgoing) -> list[Any]:
    async with database.transaction() as tx:
        await append(tx, SOURCE, outgoing)
    ids = [event.id for event in outgoing]
    async with database.connection() as connection:
        return await connection.fetch(
            "select * from outbox where event_id = any($1) order by xid, position", ids
        )


async def presences(broker: KafkaSettings, agent_id: str) -> list[Any]:
    events = await consumed_from(broker, AGENTS.name)
    said = [event.data for event in events if event.subject == agent_id]
    return [each.presence for each in said if isinstance(each, AgentChanged)]


@pytest.fixture
def agent_id() -> str:
    return f"agent-{uuid4().hex}"


async def test_the_newest_state_is_the_last_record_of_its_key(
    database: Database, broker: KafkaSettings, agent_id: str
) -> None:
    both = agent(agent_id, Presence.READY), agent(agent_id, Presence.AWAY)
    late, _ = await appended(database, *both)
    await restate(database, [(late["topic"], late["key"])])
    async with running(Relay(database, broker)):
        await eventually(lambda: are(broker, agent_id, "ready", "away", "away"), within=30)


async def test_whoever_finds_records_between_its_own_publishes_the_newest_states_behind_them(
    database: Database, broker: KafkaSettings, agent_id: str
) -> None:
    both = agent(agent_id, Presence.READY), agent(agent_id, Presence.AWAY)
    late, _ = await appended(database, *both)
    async with running(Relay(database, broker)):
        await eventually(lambda: are(broker, agent_id, "ready", "away"), within=30, every=0.3)
    await publish(broker, AGENTS.name, Message(late["key"], late["value"], EVENT_HEADERS))
    async with running(Relay(database, broker)):
        await eventually(lambda: are(broker, agent_id, "ready", "away", "ready"), within=30)
        await appended(database, agent(await neighbour(broker, agent_id), Presence.READY))
        expected = ("ready", "away", "ready", "away")
        await eventually(lambda: are(broker, agent_id, *expected), within=30, every=0.3)


async def neighbour(broker: KafkaSettings, agent_id: str) -> str:
    """Another agent whose records stand in the same partition."""
    async with Producer(broker) as producer:
        size = await producer.partitions(AGENTS.name)
    place = partition_of(agent_id.encode(), size)
    names = (f"{agent_id}-{number}" for number in count())
    return next(name for name in names if partition_of(name.encode(), size) == place)


async def are(broker: KafkaSettings, agent_id: str, *expected: str) -> None:
    assert await presences(broker, agent_id) == list(expected)


async def test_a_state_that_is_being_written_is_waited_for(
    database: Database, broker: KafkaSettings, agent_id: str
) -> None:
    [late] = await appended(database, agent(agent_id, Presence.READY))
    async with database.transaction() as tx:
        await append(tx, SOURCE, [agent(agent_id, Presence.AWAY)])
        restating = asyncio.create_task(restate(database, [(late["topic"], late["key"])]))
        assert not (await asyncio.wait([restating], timeout=0.5))[0]
    await restating
    async with running(Relay(database, broker)):
        await eventually(
            lambda: are(broker, agent_id, "ready", "away", "away"), within=30, every=0.3
        )


async def test_facts_are_not_said_again(database: Database) -> None:
    rows = await appended(database, Outgoing(confirmed()))
    await restate(database, [(row["topic"], row["key"]) for row in rows])
    async with database.connection() as connection:
        assert await connection.fetchval("select count(*) from outbox") == 1
