"""Publishers that use Kafka's transactions: what they aborted was never published."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from prometheus_client import REGISTRY

from shared.contracts.cloudevents import Outgoing, decode
from shared.database.database import Database
from shared.messaging.consumer.consumer import Consumer
from shared.messaging.kafka import Message, read_all, start_over
from shared.messaging.reader import Reader
from tests.support.eventually import eventually
from tests.support.kafka import Place, confirmed, message, running
from tests.support.recording import RecordingHandler


class Publisher:
    """Somebody outside who publishes in transactions."""

    def __init__(self, place: Place, producer: AIOKafkaProducer) -> None:
        self._place, self._producer = place, producer

    async def commits(self, *messages: Message) -> None:
        """All of them in one transaction."""
        async with self._producer.transaction():
            await self._send(messages)

    async def aborts(self, *messages: Message) -> None:
        """All of them stand in the log, and are aborted."""
        await self.begins(*messages)
        await self._producer.abort_transaction()

    async def begins(self, *messages: Message) -> None:
        """They stand in the log, and it is not decided yet."""
        await self._producer.begin_transaction()
        await self._send(messages)

    async def _send(self, messages: tuple[Message, ...]) -> None:
        topic = self._place.topic.name
        for key, value, headers in messages:
            await self._producer.send_and_wait(topic, value, key, headers=headers)


@pytest.fixture
async def publisher(place: Place) -> AsyncIterator[Publisher]:
    if not place.kafka.idempotent:
        pytest.skip("the embedded broker has no transactions")
    producer = AIOKafkaProducer(
        bootstrap_servers=place.kafka.bootstrap, transactional_id=uuid4().hex
    )
    async with producer:
        yield Publisher(place, producer)


def some_events(count: int) -> list[Outgoing]:
    return [Outgoing(confirmed()) for _ in range(count)]


def lag(place: Place) -> float | None:
    return REGISTRY.get_sample_value("rapport_consumer_lag_records", {"topic": place.topic.name})


async def test_what_was_aborted_has_no_effect(
    place: Place, database: Database, publisher: Publisher
) -> None:
    aborted, committed, plain = some_events(20), some_events(20), some_events(1)
    await publisher.aborts(*map(message, aborted))
    await publisher.commits(*map(message, committed))
    await publisher.aborts(*map(message, aborted))
    await place.publish(*map(message, plain))
    async with (
        RecordingHandler(database) as handler,
        running(Consumer(place.service, handler.subscription(place), database, place.kafka)),
    ):

        async def consumed() -> None:
            assert set(await handler.consumed()) == {each.id for each in (*committed, *plain)}

        await eventually(consumed, within=30)
        await eventually(lambda: lag(place) == 0, within=30)


async def test_the_marks_that_transactions_leave_in_the_log_are_no_lag(
    place: Place, database: Database, publisher: Publisher
) -> None:
    committed = some_events(20)
    async with (
        RecordingHandler(database) as handler,
        running(Consumer(place.service, handler.subscription(place), database, place.kafka)),
    ):
        await publisher.commits(*map(message, committed))

        async def consumed() -> None:
            assert len(await handler.consumed()) == len(committed)

        await eventually(consumed, within=30)
        await publisher.aborts(*map(message, some_events(20)))
        await eventually(lambda: lag(place) == 0, within=30)


async def test_a_reader_commits_past_the_marks(place: Place, publisher: Publisher) -> None:
    await publisher.commits(*map(message, some_events(5)))
    await publisher.aborts(*map(message, some_events(5)))
    group = f"rapport.{place.service}"
    async with Reader(place.kafka, group, [place.topic.name]) as reader:

        async def nothing_waits() -> None:
            reader.done(await reader.poll())
            assert await reader.lag() == {place.topic.name: 0}

        await eventually(nothing_waits, within=30)
    async with Reader(place.kafka, group, [place.topic.name]) as successor:

        async def nothing_waits_for_it() -> None:
            assert await successor.poll() == []
            assert await successor.lag() == {place.topic.name: 0}

        await eventually(nothing_waits_for_it, within=30)


async def test_what_is_read_and_not_done_waits_though_marks_stand_behind_it(
    place: Place, publisher: Publisher
) -> None:
    await publisher.commits(*map(message, some_events(5)))
    async with Reader(place.kafka, f"rapport.{place.service}", [place.topic.name]) as reader:
        found: list[object] = []

        async def all_read() -> None:
            found.extend(await reader.poll())
            assert len(found) == 5

        await eventually(all_read, within=30)
        assert (await reader.lag())[place.topic.name] > 0


async def test_a_listing_ends_and_holds_what_is_committed(
    place: Place, publisher: Publisher
) -> None:
    topic = place.topic.name
    await publisher.aborts(*map(message, some_events(3)))
    assert await read_all(place.kafka, topic) == []
    committed = some_events(3)
    await publisher.commits(*map(message, committed))
    assert await ids(place) == {str(each.id) for each in committed}
    await publisher.aborts(*map(message, some_events(3)))
    assert await ids(place) == {str(each.id) for each in committed}
    await publisher.begins(*map(message, some_events(3)))
    assert await ids(place) == {str(each.id) for each in committed}


async def test_a_group_that_starts_over_consumes_only_what_is_committed(
    place: Place, database: Database, publisher: Publisher
) -> None:
    committed = some_events(3)
    await publisher.aborts(*map(message, some_events(3)))
    await publisher.commits(*map(message, committed))
    await start_over(place.kafka, f"rapport.{place.service}", [place.topic.name])
    async with (
        RecordingHandler(database) as handler,
        running(Consumer(place.service, handler.subscription(place), database, place.kafka)),
    ):

        async def consumed() -> None:
            assert set(await handler.consumed()) == {each.id for each in committed}

        await eventually(consumed, within=30)


async def ids(place: Place) -> set[str]:
    """Which events a listing of the topic shows."""
    records = await read_all(place.kafka, place.topic.name)
    return {str(decode(record).id) for record in records}
