"""Too many dead letters: the group that makes them is paused, in every process, and nothing else is."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from shared.contracts.cloudevents import Outgoing
from shared.database.database import Database
from shared.kernel.errors import Unavailable
from shared.messaging.consumer.consumer import Consumer
from shared.messaging.dead_letters.command import dead_letters_command
from shared.messaging.dead_letters.limit import DeadLetterLimit
from shared.messaging.kafka import Message
from shared.runtime.command_line import asked
from shared.settings import DatabaseSettings, KafkaSettings
from tests.conftest import MakeDsn
from tests.support.database import open_at
from tests.support.eventually import eventually
from tests.support.kafka import Place, a_place, confirmed, message, running
from tests.support.recording import RecordingHandler

LIMIT, POISON = 25, 40


@dataclass
class Settings:
    """What the command is given."""

    kafka: KafkaSettings
    database: DatabaseSettings


@pytest.fixture
async def settings(postgres_dsn: MakeDsn, broker: KafkaSettings) -> Settings:
    dsn = await postgres_dsn("messaging")
    return Settings(broker, DatabaseSettings(dsn=SecretStr(dsn)))


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    opened = await open_at(settings.database.dsn.get_secret_value())
    yield opened
    await opened.close()


def torn(count: int = POISON) -> list[Message]:
    """On one partition, so that a member is handed all of them at once."""
    return [message(confirmed())._replace(key=b"one", value=b"{") for _ in range(count)]


def consumer(place: Place, handler: RecordingHandler, database: Database) -> Consumer:
    return Consumer(
        place.service,
        handler.subscription(place),
        database,
        place.kafka,
        limit=DeadLetterLimit(max_count=LIMIT),
    )


def waiting(place: Place) -> float:
    labels = {"topic": place.topic.name}
    return REGISTRY.get_sample_value("rapport_consumer_lag_records", labels) or 0.0


async def put_aside(database: Database) -> int:
    async with database.connection() as connection:
        return int(await connection.fetchval("select count(*) from outbox"))


async def is_paused(*consumers: Consumer) -> None:
    for each in consumers:
        assert await trouble(each) == "paused: 26 dead letters in 60 seconds"


async def trouble(consumer: Consumer) -> str:
    try:
        await consumer.check()
    except Unavailable as error:
        return error.detail
    return ""


async def command(place: Place, settings: Settings, *argv: str) -> int:
    options = asked(place.service, ["dead-letters", *argv])
    return await dead_letters_command(place.service, settings, options)


async def test_beyond_the_limit_the_group_pauses_and_says_so(
    place: Place, database: Database
) -> None:
    await place.publish(*torn())
    async with RecordingHandler(database) as handler:
        reading = consumer(place, handler, database)
        async with running(reading) as tasks:
            await eventually(lambda: is_paused(reading), within=30)
            await eventually(lambda: waiting(place) == POISON, within=30)
            assert not any(task.done() for task in tasks())
            await place.publish(message(confirmed()))
            await eventually(lambda: waiting(place) == POISON + 1, within=30)
            assert await handler.consumed() == []
            labels = {"group": f"rapport.{place.service}"}
            assert REGISTRY.get_sample_value("rapport_consumer_paused", labels) == 1
        assert await put_aside(database) == LIMIT


async def test_while_one_group_is_paused_another_of_the_service_goes_on(
    place: Place, database: Database
) -> None:
    other = Place(f"{place.service}.other", (await a_place(place.kafka)).topic, place.kafka)
    await place.publish(*torn())
    async with RecordingHandler(database) as handler:
        paused, working = consumer(place, handler, database), consumer(other, handler, database)
        async with running(paused, working):
            await eventually(lambda: is_paused(paused), within=30)
            good = Outgoing(confirmed())
            await other.publish(message(good))

            async def goes_on() -> None:
                assert await handler.consumed() == [good.id]
                assert await trouble(working) == ""

            await eventually(goes_on, within=30)


async def test_neither_a_restart_nor_another_replica_begins_to_count_anew(
    place: Place, database: Database
) -> None:
    await place.publish(*torn())
    async with RecordingHandler(database) as handler:
        first = consumer(place, handler, database)
        async with running(first):
            await eventually(lambda: is_paused(first), within=30)
        one, other = consumer(place, handler, database), consumer(place, handler, database)
        async with running(one, other):
            await eventually(lambda: is_paused(one, other), within=30)
            await place.publish(*torn(LIMIT))
        assert await put_aside(database) == LIMIT


async def test_what_was_counted_before_a_restart_counts(place: Place, database: Database) -> None:
    async with RecordingHandler(database) as handler:

        async def all_aside() -> None:
            assert await put_aside(database) == LIMIT - 1

        await place.publish(*torn(LIMIT - 1))
        async with running(consumer(place, handler, database)):
            await eventually(all_aside, within=30)
        await place.publish(*torn(LIMIT - 1))
        second = consumer(place, handler, database)
        async with running(second):
            await eventually(lambda: is_paused(second), within=30)
        assert await put_aside(database) == LIMIT


async def test_an_operator_resumes_it_and_it_goes_on_with_the_same_record(
    place: Place, database: Database, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    after = Outgoing(confirmed())
    await place.publish(*torn(), message(after))
    group = f"rapport.{place.service}"
    async with RecordingHandler(database) as handler:
        reading = consumer(place, handler, database)
        async with running(reading):
            await eventually(lambda: is_paused(reading), within=30)
            capsys.readouterr()
            assert await command(place, settings, "paused") == 0
            listed = capsys.readouterr().out
            assert await command(place, settings, "resume", group) == 0
            assert capsys.readouterr().out == f"resumed {group}\n"

            async def moved_on() -> None:
                assert await handler.consumed() == [after.id]
                assert await put_aside(database) == POISON
                assert await trouble(reading) == ""

            await eventually(moved_on, within=30)
    assert listed.startswith(group)
    assert listed.endswith("26 dead letters in 60 seconds\n")
    assert len({letter.origin for letter in handler.letters}) == POISON


async def test_resuming_what_is_not_paused_changes_nothing_and_says_so(
    place: Place, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    for argv, status, said in (
        (["paused"], 0, "No consumer group is paused.\n"),
        (["resume"], 0, "No consumer group is paused.\n"),
        (["resume", "rapport.unknown"], 1, "This consumer group is not paused.\n"),
    ):
        assert await command(place, settings, *argv) == status
        assert capsys.readouterr().out == said


async def test_what_could_be_processed_beside_the_poison_is(
    place: Place, database: Database
) -> None:
    good = [Outgoing(confirmed()) for _ in range(5)]
    await place.publish(*torn(LIMIT + 1), *map(message, good))
    async with RecordingHandler(database) as handler:
        reading = consumer(place, handler, database)
        async with running(reading):
            await eventually(lambda: is_paused(reading), within=30)
    assert sorted(await handler.consumed()) == sorted(each.id for each in good)
