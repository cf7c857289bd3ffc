"""The example for other readers: each event acts once, and what is no event stops nobody."""

import asyncio
import sqlite3
import sys
from pathlib import Path
from uuid import uuid4

from shared.contracts.topics import OUTSIDE, Topic
from shared.messaging.kafka import Producer
from shared.messaging.kafka_topics import create_topics
from shared.settings import KafkaSettings
from tests.support.kafka import confirmed, message

SCRIPT = Path(__file__).parents[3] / "docs" / "examples" / "consume_events.py"


async def own_topic(broker: KafkaSettings) -> str:
    """A topic of this test's own: others read whole topics, and could not read what is put there."""
    name = f"tests.{uuid4()}"
    topic = Topic(
        name=name, key="any", producers=(OUTSIDE,), consumers=(), description="", partitions=1
    )
    await create_topics(broker, [topic])
    return name


async def read_with_the_example(broker: KafkaSettings, topic: str, database: Path) -> str:
    """What it says; a group of its own each time, so that it reads from the oldest event on."""
    script = await asyncio.create_subprocess_exec(
        *(sys.executable, str(SCRIPT), "--bootstrap", broker.bootstrap, "--group", str(uuid4())),
        *("--topics", topic),
        *("--database", str(database), "--idle", "3"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await script.communicate()
    assert script.returncode == 0, said.decode()
    return said.decode()


async def test_each_event_acts_once_however_often_it_comes_and_is_read(
    broker: KafkaSettings, tmp_path: Path
) -> None:
    contact, database = uuid4(), tmp_path / "outcomes.db"
    event = message(confirmed(contact))
    topic = await own_topic(broker)
    async with Producer(broker) as producer:
        await producer.write(topic, 0, [event, event._replace(value=b"no event"), event])
    first = await read_with_the_example(broker, topic, database)
    assert first.count(f"rapport.resolution.confirmed.v1 {contact}") == 1
    assert f"no event at {topic}[0]@" in first
    again = await read_with_the_example(broker, topic, database)
    assert str(contact) not in again
    with sqlite3.connect(database) as kept:
        found = kept.execute("select outcome from outcome where contact_id = ?", (str(contact),))
        assert found.fetchall() == [("confirmed",)]
