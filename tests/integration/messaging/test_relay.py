"""The relay on a real broker: everything once and in order, by one of many."""

import asyncio
from collections import defaultdict
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from shared.contracts import topics
from shared.contracts.cloudevents import Outgoing
from shared.database.database import Database
from shared.messaging.outbox import relay
from shared.messaging.outbox.append import append
from shared.messaging.outbox.relay import Relay
from shared.messaging.outbox.republish import republish
from shared.settings import KafkaSettings
from tests.conftest import MakeDsn
from tests.support.database import open_at
from tests.support.eventually import eventually
from tests.support.kafka import SOURCE, confirmed, consumed_from, running

WENT = """
select outbox.event_id, published.topic, partition, base_offset + place - 1
from published, unnest(positions) with ordinality as went (position, place)
join outbox using (position)
"""
FAR = datetime(2020, 1, 1, tzinfo=UTC)


async def append_events(database: Database, *contacts: UUID) -> None:
    async with database.transaction() as tx:
        await append(tx, SOURCE, [Outgoing(confirmed(contact)) for contact in contacts])


async def order_on_the_topic(broker: KafkaSettings, contacts: set[UUID]) -> dict[UUID, list[int]]:
    order: dict[UUID, list[int]] = defaultdict(list)
    for event in await consumed_from(broker, topics.FOLLOWUPS.name):
        contact = UUID(event.subject)
        if contact in contacts and event.seq:
            order[contact].append(event.seq)
    return order


async def caught_up(database: Database) -> None:
    async with database.connection() as connection:
        appended = await connection.fetchval("select count(*) from outbox")
        went = await connection.fetchval(
            "select coalesce(sum(cardinality(positions)), 0) from published"
        )
    assert went >= appended


async def test_every_event_arrives_once_and_in_order(
    database: Database, broker: KafkaSettings
) -> None:
    contacts = [uuid4() for _ in range(5)]
    async with running(Relay(database, broker)):
        await asyncio.gather(
            *(append_events(database, *contacts, contacts[n % 5]) for n in range(30))
        )
        await eventually(lambda: caught_up(database), within=30)
    order = await order_on_the_topic(broker, set(contacts))
    assert order == {contact: list(range(1, 37)) for contact in contacts}


async def test_where_each_event_went_is_written_down(
    database: Database, broker: KafkaSettings
) -> None:
    async with running(Relay(database, broker)):
        await append_events(database, *(uuid4() for _ in range(200)))
        await eventually(lambda: caught_up(database), within=30)
    async with database.connection() as connection:
        went = {row["event_id"]: tuple(row)[1:] for row in await connection.fetch(WENT)}
    on_topic = {
        event.id: event.origin for event in await consumed_from(broker, topics.FOLLOWUPS.name)
    }
    assert len(went) == 200
    for event_id, (topic, partition, offset) in went.items():
        origin = on_topic[event_id]
        assert (origin.topic, origin.partition, origin.offset) == (topic, partition, offset)


async def test_two_relays_publish_nothing_twice(database: Database, broker: KafkaSettings) -> None:
    contacts = [uuid4() for _ in range(3)]
    async with running(*(Relay(database, broker) for _ in range(2))):
        for _ in range(20):
            await append_events(database, *contacts)
        await eventually(lambda: caught_up(database), within=30)
    order = await order_on_the_topic(broker, set(contacts))
    assert order == {contact: list(range(1, 21)) for contact in contacts}


async def test_a_commit_of_the_relays_own_process_wakes_it(
    database: Database, broker: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(Relay(database, broker)):
        await append_events(database, uuid4())
        await eventually(lambda: caught_up(database), within=30)
        monkeypatch.setattr(relay, "IDLE_SECONDS", 8)
        monkeypatch.setattr(relay, "BUSY_SECONDS", 8)
        for _ in range(3):
            await append_events(database, uuid4())
            await eventually(lambda: caught_up(database), within=4)


async def test_a_standby_takes_over_and_continues_where_the_first_stopped(
    database: Database, broker: KafkaSettings
) -> None:
    contact = uuid4()
    async with running(Relay(database, broker)):
        await append_events(database, contact)
        await eventually(lambda: caught_up(database), within=30)
        standby = Relay(database, broker)
        ready = asyncio.Event()
        waiting = asyncio.create_task(standby.run(ready))
    await append_events(database, contact)
    await eventually(lambda: caught_up(database), within=30)
    ready.set()
    await waiting
    assert (await order_on_the_topic(broker, {contact}))[contact] == [1, 2]


async def test_a_relay_that_loses_its_connection_begins_again_at_the_cursor(
    postgres_dsn: MakeDsn, broker: KafkaSettings
) -> None:
    dsn = await postgres_dsn("messaging")
    database, other = await open_at(dsn), await open_at(dsn)
    contact = uuid4()
    async with running(Relay(database, broker)):
        for _ in range(5):
            await append_events(other, contact)
            async with other.connection() as connection:
                await connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and pid <> pg_backend_pid()"
                )
            await eventually(lambda: caught_up(other), within=30)
    order = (await order_on_the_topic(broker, {contact}))[contact]
    assert list(dict.fromkeys(order)) == [1, 2, 3, 4, 5]
    await database.close()
    await other.close()


async def test_what_was_published_can_be_published_again(
    database: Database, broker: KafkaSettings
) -> None:
    contact = uuid4()
    await append_events(database, contact, contact)
    async with running(Relay(database, broker)):
        await eventually(lambda: caught_up(database), within=30)
        assert await republish(database, FAR) == 2

        async def again() -> None:
            assert (await order_on_the_topic(broker, {contact}))[contact] == [1, 2, 1, 2]

        await eventually(again, every=0.3, within=30)
