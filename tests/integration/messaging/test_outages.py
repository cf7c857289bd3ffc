"""Parts that freeze and die: nothing is lost, nothing hangs for ever, and readiness says why."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, suppress
from functools import partial
from math import isnan
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import make_url

from deploy.local.parts import LocalParts
from deploy.local.ports import LOOPBACK
from shared.contracts import topics
from shared.contracts.cloudevents import Outgoing
from shared.contracts.record import Record
from shared.database.database import Database
from shared.kernel.errors import Unavailable
from shared.messaging import reader as reading
from shared.messaging.consumer import consumer as consuming
from shared.messaging.consumer import lag as measuring
from shared.messaging.consumer.consumer import Consumer
from shared.messaging.kafka import Producer
from shared.messaging.kafka_client import TopicRefused
from shared.messaging.kafka_topics import create_topics
from shared.messaging.outbox.append import append
from shared.messaging.outbox.relay import Relay
from shared.messaging.reader import Reader
from shared.messaging.worker import BrokerContact
from shared.settings import KafkaSettings
from tests.conftest import MakeDsn
from tests.support.database import Databases, open_at
from tests.support.eventually import eventually
from tests.support.kafka import (
    SOURCE,
    Place,
    a_place,
    confirmed,
    consumed_from,
    message,
    running,
    settings_of,
)
from tests.support.outage import frozen
from tests.support.proxy import Proxy
from tests.support.recording import RecordingHandler


@pytest.fixture
async def short_timeout(own_parts: LocalParts) -> KafkaSettings:
    """The module's own broker, with a short timeout.

    After one that was frozen has gone on, it takes a while to count itself among the living again.
    """
    settings = settings_of(own_parts.broker).model_copy(update={"request_timeout_ms": 2_000})
    await eventually(passes(partial(create_topics, settings, topics.ALL)), within=30)
    return settings


@pytest.fixture(scope="module")
def own_databases(own_parts: LocalParts) -> Databases:
    return Databases(own_parts.postgres.create_database)


@pytest.fixture
async def apart(own_databases: Databases) -> AsyncIterator[Database]:
    """A database on the module's own server, and little patience with it."""
    dsn = await own_databases.fresh("messaging")
    database = await open_at(dsn, statement_timeout_ms=2_000, connect_timeout_ms=2_000)
    yield database
    await database.close()


@pytest.fixture
async def place(short_timeout: KafkaSettings) -> Place:
    return await a_place(short_timeout)


def pid_of(part: Any) -> int:
    return int(part._child.pid)


def passes(check: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[bool]]:
    refused = refuses(check)

    async def passed() -> bool:
        return not await refused()

    return passed


def refuses(check: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[bool]]:
    async def refused() -> bool:
        try:
            await check()
        except Unavailable:
            return True
        return False

    return refused


async def test_a_commit_to_a_frozen_broker_comes_back_and_the_next_one_works(
    own_parts: LocalParts, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "COMMIT_SECONDS", 1.0)
    clock = asyncio.get_running_loop().time
    await place.publish(*(message(confirmed()) for _ in range(10)))
    async with Reader(place.kafka, "frozen", [place.topic.name]) as reader:
        reader.done(await eventually(lambda: some(reader)))
        with frozen(pid_of(own_parts.broker)):
            before = clock()
            with pytest.raises(Unavailable):
                await reader.commit()
            assert clock() - before < 3

        async def committed() -> bool:
            with suppress(Unavailable):
                await reader.commit()
                return True
            return False

        await eventually(committed, within=30)


async def test_of_a_broker_that_is_away_no_topic_is_said_to_be_missing(
    own_parts: LocalParts, short_timeout: KafkaSettings
) -> None:
    async with Producer(short_timeout) as producer:
        with pytest.raises(TopicRefused, match="does not exist"):
            await producer.partitions("rapport.nowhere")
        with frozen(pid_of(own_parts.broker)), pytest.raises(Unavailable) as away:
            await producer.partitions("rapport.nobody")
        assert not isinstance(away.value, TopicRefused)


async def some(reader: Reader) -> list[Record]:
    """What the reader is given; AssertionError while that is nothing."""
    records = await reader.poll()
    assert records, "it was given nothing"
    return records


async def test_a_consumer_rides_out_a_frozen_broker(
    own_parts: LocalParts, place: Place, apart: Database
) -> None:
    sent = [Outgoing(confirmed()) for _ in range(20)]
    await place.publish(*map(message, sent[:10]))
    contact = BrokerContact(place.kafka)
    async with (
        RecordingHandler(apart) as handler,
        running(Consumer(place.service, handler.subscription(place), apart, place.kafka), contact),
    ):

        async def consumed(count: int) -> None:
            assert sorted(await handler.consumed()) == sorted(each.id for each in sent[:count])

        await eventually(lambda: consumed(10))
        await eventually(passes(contact.check))
        with frozen(pid_of(own_parts.broker)):
            await eventually(refuses(contact.check), within=15)
        await place.publish(*map(message, sent[10:]))
        await eventually(lambda: consumed(20), within=40)
        await eventually(passes(contact.check))


async def test_a_member_that_fetches_nothing_is_named_and_its_lag_is_unknown(
    own_parts: LocalParts, place: Place, apart: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consuming, "FETCHED_WITHIN_SECONDS", 3.0)
    monkeypatch.setattr(measuring, "MEASURED_WITHIN_SECONDS", 3.0)

    def lag() -> float | None:
        labels = {"topic": place.topic.name}
        return REGISTRY.get_sample_value("rapport_consumer_lag_records", labels)

    async with RecordingHandler(apart) as handler:
        consumer = Consumer(place.service, handler.subscription(place), apart, place.kafka)
        async with running(consumer):
            await eventually(lambda: lag() == 0, within=30)
            await eventually(passes(consumer.check))
            with frozen(pid_of(own_parts.broker)):
                await eventually(refuses(consumer.check), within=20)
                await eventually(lambda: isnan(lag() or 0), within=20)
            await eventually(passes(consumer.check), within=40)
            await eventually(lambda: lag() == 0, within=40)


async def test_what_is_appended_while_the_broker_is_frozen_arrives_in_order(
    own_parts: LocalParts, short_timeout: KafkaSettings, apart: Database
) -> None:
    customer = uuid4()
    relay = Relay(apart, short_timeout)
    async with running(relay):
        await append_events(apart, customer, 10)
        await eventually(passes(relay.check), within=30)
        with frozen(pid_of(own_parts.broker)):
            for _ in range(5):
                await append_events(apart, customer, 10)
            await eventually(refuses(relay.check), within=15)
        await eventually(lambda: in_order(short_timeout, customer, 60), within=60, every=0.5)
        await eventually(passes(relay.check))


async def test_what_is_appended_while_the_broker_is_dead_arrives_in_order(
    own_parts: LocalParts, short_timeout: KafkaSettings, apart: Database
) -> None:
    customer = uuid4()
    relay = Relay(apart, short_timeout)
    async with running(relay):
        await append_events(apart, customer, 10)
        await eventually(passes(relay.check), within=30)
        own_parts.broker.kill()
        for _ in range(5):
            await append_events(apart, customer, 10)
        await eventually(refuses(relay.check), within=15)
        await asyncio.to_thread(own_parts.broker.start)
        await eventually(lambda: in_order(short_timeout, customer, 60), within=60, every=0.5)
        await eventually(passes(relay.check))


async def test_consumer_and_relay_ride_out_a_crash_of_the_database(
    own_parts: LocalParts, place: Place, apart: Database
) -> None:
    sent = [Outgoing(confirmed()) for _ in range(20)]
    await place.publish(*map(message, sent[:10]))
    async with RecordingHandler(apart) as handler:
        consumer = Consumer(place.service, handler.subscription(place), apart, place.kafka)
        relay = Relay(apart, place.kafka)
        async with running(consumer, relay):

            async def consumed(count: int) -> None:
                assert sorted(await handler.consumed()) == sorted(each.id for each in sent[:count])

            await eventually(lambda: consumed(10))
            own_parts.postgres.kill()
            await place.publish(*map(message, sent[10:]))
            await eventually(refuses(consumer.check), within=15)
            await eventually(refuses(relay.check), within=15)
            await asyncio.to_thread(own_parts.postgres.start)
            await eventually(lambda: consumed(20), within=40)
            await eventually(passes(consumer.check))
            await eventually(passes(relay.check), within=20)


async def test_a_relay_rides_out_a_frozen_database(
    own_parts: LocalParts, short_timeout: KafkaSettings, apart: Database
) -> None:
    customer = uuid4()
    relay, clock = Relay(apart, short_timeout), asyncio.get_running_loop().time
    async with running(relay):
        await append_events(apart, customer, 10)
        await eventually(passes(relay.check), within=30)
        with frozen(pid_of(own_parts.postgres)):
            until = clock() + 12  # longer than the clean-up rests, so that it is met at work, too
            await eventually(refuses(relay.check), within=15)
            await eventually(lambda: clock() > until, within=15)
        await append_events(apart, customer, 10)
        await eventually(lambda: in_order(short_timeout, customer, 20), within=40, every=0.5)
        await eventually(passes(relay.check))


async def test_a_frozen_database_is_unavailable_and_not_a_place_to_wait_for_ever(
    own_parts: LocalParts, apart: Database
) -> None:
    await apart.ping()
    with frozen(pid_of(own_parts.postgres)), pytest.raises(Unavailable):
        await asyncio.wait_for(apart.ping(), 15)
    await eventually(passes(apart.ping))


@pytest.mark.parametrize("cut", [False, True], ids=["silent", "cut"])
async def test_a_network_that_takes_nothing_ends_a_long_statement_in_good_time(
    parts: LocalParts, postgres_dsn: MakeDsn, cut: bool
) -> None:
    direct = make_url(await postgres_dsn("messaging"))
    with Proxy((LOOPBACK, parts.postgres.port)) as proxy:
        dsn = direct.set(port=proxy.port).render_as_string(hide_password=False)
        database = await open_at(dsn, statement_timeout_ms=500)
        sending = asyncio.create_task(send_at_length(database, proxy))
        if cut:
            await eventually(lambda: not proxy.passing)
            proxy.cut()
        async with asyncio.timeout(20):
            with pytest.raises(Unavailable):
                await sending
        await database.close()
        await eventually(lambda: proxy.lines == 0)  # the driver's last bytes have arrived, too
        await asyncio.sleep(0.1)


async def send_at_length(database: Database, proxy: Proxy) -> None:
    """More than all buffers between us and the database hold, into a network that falls silent."""
    with ExitStack() as around:
        async with database.transaction() as tx:
            around.enter_context(proxy.silent())
            await tx.execute("select octet_length($1::bytea)", bytes(30_000_000))


async def append_events(database: Database, customer: Any, count: int) -> None:
    async with database.transaction() as tx:
        await append(tx, SOURCE, [Outgoing(confirmed(customer)) for _ in range(count)])


async def in_order(settings: KafkaSettings, customer: Any, count: int) -> None:
    """Duplicates are allowed; that who consumes each once sees them out of order is not."""
    events = await consumed_from(settings, topics.FOLLOWUPS.name)
    first = dict.fromkeys(event.seq for event in events if event.subject == str(customer))
    assert list(first) == list(range(1, count + 1))
