"""Publishing to and reading from the run's broker beside the code under test."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID, uuid4

from deploy.local.parts import Broker
from deploy.local.platform import PARTITIONS, REPLICAS
from shared.contracts.cloudevents import Incoming, Outgoing, decode, encode, numbered
from shared.contracts.event import Event
from shared.contracts.followup import ResolutionConfirmed
from shared.contracts.record import EVENT_HEADERS, Record
from shared.contracts.topics import Topic, dead_letters_of
from shared.kernel.ids import new_id
from shared.messaging.dead_letters.listed import is_letter
from shared.messaging.kafka import Message, Producer, partition_of, read_all
from shared.messaging.kafka_topics import create_topics
from shared.settings import KafkaSettings

SOURCE = "rapport/tests"
AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Runs(Protocol):
    async def run(self, stop: asyncio.Event) -> None: ...


@dataclass(frozen=True)
class Place:
    """A service's name and a topic that no other test uses, both with what they need created."""

    service: str
    topic: Topic
    kafka: KafkaSettings

    async def publish(self, *messages: Message) -> None:
        await publish(self.kafka, self.topic.name, *messages)

    async def dead_letters(self) -> list[Record]:
        """With those that were published twice, without the notes of replays."""
        records = await read_all(self.kafka, dead_letters_of(self.service).name)
        return list(filter(is_letter, records))


def settings_of(broker: Broker) -> KafkaSettings:
    """Settings for a broker of the tests; short timeouts, so that a death is noticed in seconds."""
    return KafkaSettings(
        bootstrap=broker.bootstrap,
        client_id="tests",
        idempotent=broker.idempotent,
        session_timeout_ms=6_000,
        heartbeat_interval_ms=500,
        request_timeout_ms=5_000,
        min_insync_replicas=REPLICAS,
        replication_factor=REPLICAS,
        max_partitions=PARTITIONS,
    )


async def a_place(kafka: KafkaSettings, partitions: int = 2) -> Place:
    """A new service with a topic of its own and its dead-letter topic."""
    service = f"t{uuid4().hex[:12]}"
    topic = Topic(
        name=f"rapport.tests.{service}",
        key="any",
        producers=(),
        consumers=(),
        description="",
        partitions=partitions,
    )
    await create_topics(kafka, [topic, dead_letters_of(service)])
    return Place(service, topic, kafka)


async def publish(kafka: KafkaSettings, topic: str, *messages: Message) -> None:
    """Put records on a topic, each where its key belongs, in order."""
    async with Producer(kafka) as producer:
        partitions = await producer.partitions(topic)
        loads: dict[int, list[Message]] = {}
        for message in messages:
            loads.setdefault(partition_of(message.key or b"", partitions), []).append(message)
        for partition, load in loads.items():
            await producer.write(topic, partition, load)


async def consumed_from(kafka: KafkaSettings, topic: str) -> list[Incoming[Event]]:
    """Every event on the topic, in partition order."""
    return [decode(record) for record in await read_all(kafka, topic)]


def confirmed(contact: UUID | None = None) -> ResolutionConfirmed:
    """An event like any other: its aggregate is the contact."""
    return ResolutionConfirmed(
        contact_id=contact or uuid4(), resolution_id=new_id(), agent_id="agent-1", settled_at=AT
    )


def message(event: Event | Outgoing, seq: int = 1, source: str = SOURCE) -> Message:
    """An event as a service would publish it."""
    outgoing = event if isinstance(event, Outgoing) else Outgoing(event)
    encoded = encode(outgoing, source, AT)
    return Message(encoded.subject.encode(), numbered(encoded.value, seq), EVENT_HEADERS)


def structured(published: Message, **attributes: str | None) -> Message:
    """The same event with some attributes changed, or left out (None)."""
    changed = json.loads(published.value or b"") | attributes
    written = {name: part for name, part in changed.items() if part is not None}
    return published._replace(value=json.dumps(written, ensure_ascii=False).encode())


def binary(published: Message, **attributes: str | None) -> Message:
    """As `structured`, but in binary mode, which other publishers may use."""
    event = json.loads(published.value or b"")
    data = json.dumps(event.pop("data"), ensure_ascii=False).encode()
    written = {name: str(text) for name, text in (event | attributes).items() if text is not None}
    headers: list[tuple[str, bytes | None]] = [("content-type", b"application/json")]
    headers += [(f"ce_{name}", text.encode()) for name, text in written.items()]
    return Message(published.key, data, headers)


@asynccontextmanager
async def running(*parts: Runs) -> AsyncIterator[Callable[[], Sequence["asyncio.Task[None]"]]]:
    """The parts at work inside the block, asked to stop at its end; an error in one is raised."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(part.run(stop)) for part in parts]
    try:
        yield lambda: tasks
    finally:
        stop.set()
        await asyncio.wait(tasks, timeout=20)
    for task in tasks:
        assert task.done(), "a part did not stop"
        task.result()
