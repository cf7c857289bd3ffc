"""A topic that takes nothing waits alone; the others go on, and nothing is lost or out of order."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from prometheus_client import REGISTRY
from pydantic import SecretStr

from shared.contracts.topics import ASSIGNMENTS, ROUTING, Topic
from shared.database.database import Database
from shared.jobs.retention import delete_expired
from shared.kernel.errors import Unavailable
from shared.messaging.kafka import read_all
from shared.messaging.kafka_topics import create_topics
from shared.messaging.outbox import publishing
from shared.messaging.outbox.age import age_job
from shared.messaging.outbox.held_topics import HeldTopics
from shared.messaging.outbox.parking import park, unpark
from shared.messaging.outbox.relay import Relay
from shared.messaging.retention import messaging_retention
from shared.runtime.command_line import asked
from shared.runtime.commands import COMMANDS, run_command
from shared.settings import DatabaseSettings, KafkaSettings, RetentionSettings
from tests.conftest import MakeDsn
from tests.support.database import open_at
from tests.support.eventually import eventually
from tests.support.kafka import running

APPEND = """
insert into outbox (event_id, topic, key, type, value)
values (gen_random_uuid(), $1, $2, 'any', $3)
"""
LEFT = "select topic, parked from held_topic"
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
KEYS = (b"a", b"b", b"c")


@dataclass
class Line:
    """A topic of its own, and what was written for it."""

    database: Database
    kafka: KafkaSettings
    name: str = field(default_factory=lambda: f"rapport.tests.{uuid4().hex[:12]}")
    written: int = 0

    async def create(self, max_message_bytes: int = 1_048_576) -> None:
        topic = Topic(
            name=self.name,
            key="any",
            producers=(),
            consumers=(),
            description="",
            partitions=2,
            max_message_bytes=max_message_bytes,
        )
        await create_topics(self.kafka, [topic])

    async def write(self, times: int = 1, padding: int = 0) -> None:
        """So many rows for each key."""
        for _ in range(times):
            async with self.database.transaction() as tx:
                for key in KEYS:
                    value = f"{self.written:06}".encode() + os.urandom(padding)
                    await tx.execute(APPEND, self.name, key, value)
            self.written += 1

    async def arrived(self) -> dict[bytes | None, list[int]]:
        """The numbers on the topic by key, in order; what came twice counts where it came last."""
        found: dict[bytes | None, dict[int, None]] = {key: {} for key in KEYS}
        for record in await read_all(self.kafka, self.name):
            number = int((record.value or b"")[:6])
            found[record.key].pop(number, None)
            found[record.key][number] = None
        return {key: list(numbers) for key, numbers in found.items()}

    async def complete(self) -> None:
        expected: dict[bytes | None, list[int]] = {key: [*range(self.written)] for key in KEYS}
        assert await self.arrived() == expected


@pytest.fixture
def line(database: Database, broker: KafkaSettings) -> Line:
    return Line(database, broker)


@pytest.fixture
async def other(database: Database, broker: KafkaSettings) -> Line:
    other = Line(database, broker)
    await other.create()
    return other


def held(database: Database) -> Callable[[], Awaitable[None]]:
    """Something is held now."""

    async def there_is() -> None:
        assert await held_topics(database)

    return there_is


def joined(database: Database) -> Callable[[], Awaitable[None]]:
    """Nothing is held any more."""

    async def there_is_none() -> None:
        assert not await held_topics(database)

    return there_is_none


async def held_topics(database: Database) -> dict[str, Any]:
    async with database.connection() as connection:
        return {row["topic"]: row["parked"] for row in await connection.fetch(LEFT)}


async def test_others_go_on_while_a_topic_is_missing(
    database: Database, broker: KafkaSettings, line: Line, other: Line
) -> None:
    relay = Relay(database, broker)
    async with running(relay):
        await line.write()
        await other.write()
        await eventually(other.complete, within=30)
        with pytest.raises(Unavailable, match=f"{line.name}: it does not exist"):
            await relay.check()
        for _ in range(20):
            await line.write()
            await other.write()
        await eventually(other.complete, within=30)
        assert await held_topics(database) == {line.name: False}


async def test_a_topic_that_comes_back_gets_all_in_order_and_joins_the_others(
    database: Database, broker: KafkaSettings, line: Line, other: Line
) -> None:
    relay = Relay(database, broker)
    async with running(relay):
        await line.write(30)
        await eventually(held(database), within=30)
        await line.create()
        while await held_topics(database):  # under way while it catches up
            await line.write()
            await other.write()
            await asyncio.sleep(0.05)
        await line.write(10)
        await eventually(line.complete, within=30)
        await eventually(other.complete, within=30)
        await relay.check()


async def test_a_topic_that_is_deleted_under_way_keeps_others_waiting_for_a_while_only(
    database: Database,
    broker: KafkaSettings,
    line: Line,
    other: Line,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publishing, "REFUSED_AFTER_SECONDS", 2.0)
    await line.create()
    async with running(Relay(database, broker)):
        await line.write()
        await eventually(line.complete, within=30)
        await delete_topic(broker, line.name)
        await line.write()
        await other.write(3)
        await eventually(other.complete, within=30)
        assert await held_topics(database) == {line.name: False}


async def delete_topic(broker: KafkaSettings, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([name])
    finally:
        await admin.close()


async def test_a_record_that_its_topic_does_not_take_waits_until_it_does(
    database: Database, broker: KafkaSettings, line: Line, other: Line
) -> None:
    await line.create(max_message_bytes=2_000)
    async with running(Relay(database, broker)):
        await line.write()
        await line.write(padding=3_000)
        await line.write()
        await other.write(3)
        await eventually(other.complete, within=30)
        assert await held_topics(database) == {line.name: False}
        assert (await line.arrived())[b"a"] in ([], [0])


async def test_what_a_topic_holds_ages_by_itself_while_the_rest_of_the_outbox_does_not(
    database: Database, broker: KafkaSettings, line: Line, other: Line
) -> None:
    def age(metric: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(metric, labels) or 0.0

    async with running(Relay(database, broker), age_job(database)):
        await line.write()
        await eventually(held(database), within=30)
        await other.write()
        await eventually(
            lambda: age("rapport_outbox_held_age_seconds", topic=line.name) > 1, within=30
        )
        assert age("rapport_outbox_age_seconds") == 0
        await line.create()
        await eventually(
            lambda: age("rapport_outbox_held_age_seconds", topic=line.name) == 0, within=30
        )


class Broken(Exception):
    """A mistake of ours."""


async def broken(*_: object) -> None:
    raise Broken


async def test_a_mistake_in_trying_them_again_ends_the_relay_and_not_just_the_trying(
    database: Database, broker: KafkaSettings, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HeldTopics, "_catch_up", broken)
    await line.write()
    with pytest.raises(Broken):
        await asyncio.wait_for(Relay(database, broker).run(asyncio.Event()), 60)


async def test_what_is_parked_is_not_tried_and_nothing_of_it_is_lost(
    database: Database, broker: KafkaSettings, line: Line, other: Line
) -> None:
    await line.create()
    await park(database, line.name)
    relay = Relay(database, broker)
    async with running(relay):
        await line.write(3)
        await other.write(3)
        await eventually(other.complete, within=30)
        await relay.check()
        assert (await line.arrived())[b"a"] == []
        async with database.connection() as connection:
            await connection.execute("update outbox set created_at = $1", NOW - timedelta(days=9))
        await delete_expired(database, NOW, messaging_retention(RetentionSettings()))
        assert await unpark(database, line.name)
        await eventually(line.complete, within=30)
        await eventually(joined(database), within=30)
        await line.write()
        await eventually(line.complete, within=30)


async def test_only_what_is_parked_can_be_unparked(database: Database, line: Line) -> None:
    assert not await unpark(database, line.name)
    for _ in range(2):
        await park(database, line.name)
    assert await held_topics(database) == {line.name: True}
    assert await unpark(database, line.name)
    assert not await unpark(database, line.name)


async def test_a_topic_is_parked_and_unparked_by_the_words_of_an_operator(
    postgres_dsn: MakeDsn, capsys: pytest.CaptureFixture[str]
) -> None:
    dsn, topic = await postgres_dsn("routing"), ASSIGNMENTS.name
    database = await open_at(dsn)
    steps = (
        ("park", f"{topic} is parked: its events wait in the outbox.", {topic: True}),
        ("unpark", f"{topic} is tried again, beginning with what has waited.", {topic: False}),
        ("unpark", f"{topic} is not parked.", {topic: False}),
    )
    for word, said, left in steps:
        assert await command(dsn, word, topic) == 0
        assert capsys.readouterr().out == f"{said}\n"
        assert await held_topics(database) == left
    await database.close()


@pytest.mark.parametrize("word", ["park", "unpark"])
async def test_what_is_no_topic_of_the_service_is_neither_parked_nor_unparked(
    postgres_dsn: MakeDsn, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    dsn = await postgres_dsn("routing")
    assert await command(dsn, word, "rapport.followups") == 2
    refused = capsys.readouterr().err
    assert refused.startswith("routing does not publish to rapport.followups; it does to ")
    assert ASSIGNMENTS.name in refused
    database = await open_at(dsn)
    assert await held_topics(database) == {}
    await database.close()


@pytest.mark.parametrize("word", ["park", "unpark"])
async def test_the_words_say_that_the_database_is_away(
    capsys: pytest.CaptureFixture[str], word: str
) -> None:
    assert await command("postgresql://nobody@127.0.0.1:1/none", word, ASSIGNMENTS.name) == 1
    assert capsys.readouterr().err.startswith("database: ")


async def command(dsn: str, *argv: str) -> int:
    """What `python -m services.routing …` does; its exit status."""
    settings: Any = SimpleNamespace(database=DatabaseSettings(dsn=SecretStr(dsn)))
    options = asked(ROUTING, argv)
    return await run_command(COMMANDS[options.word], ROUTING, settings, options)


async def test_the_next_leader_knows_what_is_held(
    database: Database, broker: KafkaSettings, line: Line, other: Line
) -> None:
    async with running(Relay(database, broker)):
        await line.write()
        await eventually(held(database), within=30)
    await line.create()
    async with running(Relay(database, broker)):
        await line.write()
        await eventually(line.complete, within=30)
        await eventually(joined(database), within=30)
