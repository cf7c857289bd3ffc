"""The door to Kafka for what writes, asks and reads alone; `reader` and `kafka_topics` are those beside it. No other file
imports its client, but what starts one (`kafka_client`) and what a reader reads past it (`garbled`).

What may wait for ever has a deadline of its own here, and `Probe` tells silence from absence.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.partitioner import murmur2

from shared.contracts.record import Headers, Record
from shared.kernel.errors import Conflict, Unavailable
from shared.messaging.kafka_client import (
    STARTING_SECONDS,
    TopicRefused,
    administering,
    close_client,
    reaching_broker,
    start_client,
)
from shared.messaging.kafka_options import Password, connecting, producing
from shared.settings import KafkaSettings

COMMIT_SECONDS = 5.0
# What a publisher's transaction took back was never said.
READING = {"isolation_level": "read_committed", "auto_offset_reset": "earliest"}
LOOK_SECONDS = 1.0


class Message(NamedTuple):
    """A record to be written."""

    key: bytes | None
    value: bytes | None
    headers: Headers


class Written(NamedTuple):
    """A run of records that the broker has: `records` of them from `offset` on."""

    offset: int
    records: int


@lru_cache(maxsize=10_000)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition every Kafka client by default chooses for this key."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


class Producer:
    """Writes batches; with `acks=all`, and idempotent unless the settings say the broker cannot."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings, self._password = settings, Password(settings)
        self._client = AIOKafkaProducer(**producing(settings))

    async def __aenter__(self) -> "Producer":
        await start_client(self._client, self._settings)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._abort()
        await close_client(self._client)

    def _abort(self) -> None:
        """Let go of what is on its way: who has failed or is cancelled writes nothing more.

        Closing would send it, and so would the client's own sender, over a new connection.
        """
        self._client._sender.sender_task.cancel()  # noqa: SLF001
        for connection in self._client.client._conns.values():  # noqa: SLF001
            if connection.connected():
                connection._writer.transport.abort()  # noqa: SLF001
        self._client._message_accumulator.fail_all(ConnectionAbortedError())  # noqa: SLF001

    async def alive(self) -> bool:
        """Whether the broker answers a question now."""
        return bool(await self._client.client.force_metadata_update())

    async def partitions(self, topic: str) -> int:
        """How many partitions the topic has. Raises `TopicRefused`, or `Unavailable`.

        The client calls a topic missing, too, of which it first asks in an outage.
        """
        try:
            async with reaching_broker():
                return len(await self._client.partitions_for(topic))
        except TopicRefused:
            if not await self.alive():
                raise Unavailable("broker: it does not answer") from None
            if found := self._client.client.cluster.partitions_for_topic(topic):
                return len(found)
            raise

    async def write(self, topic: str, partition: int, messages: Sequence[Message]) -> list[Written]:
        """Append the messages in order; returns when the broker has all, however long that takes.

        One batch is on its way at a time: whatever fails, no message can come to stand before one
        that was given earlier. Raises `TopicRefused` or `Unavailable` when some may be missing.
        """
        self._password.check()
        written: list[Written] = []
        left = list(messages)
        while left:
            batch = self._client.create_batch()
            count = _fill(batch, left)
            async with reaching_broker():
                sent = await self._client.send_batch(batch, topic, partition=partition)
                written.append(Written((await self._taken(sent)).offset, count))
            left = left[count:]
        return written

    async def _taken(self, sent: "asyncio.Future[Any]") -> Any:
        """What became of a batch. A client whose password was replaced meanwhile may never come to send it."""
        try:
            while not (await asyncio.wait({sent}, timeout=LOOK_SECONDS))[0]:
                self._password.check()
            return sent.result()
        finally:
            sent.cancel()


def _fill(batch: Any, messages: Sequence[Message]) -> int:
    for count, (key, value, headers) in enumerate(messages):
        if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
            return count
    return len(messages)


class Probe:
    """Asks the broker for a sign of life."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    async def ask(self) -> None:
        """One question, one answer; raises `Unavailable`."""
        seconds = self._settings.request_timeout_ms / 1000
        async with administering(self._settings, seconds) as admin:
            await admin.describe_cluster()


async def end_offsets(settings: KafkaSettings, *topics: str) -> dict[tuple[str, int], int]:
    """The next offset of every partition of the topics. Raises `Unavailable`."""
    async with _standalone(settings, *topics) as client:
        ends = await client.end_offsets(client.assignment())
    return {(place.topic, place.partition): offset for place, offset in ends.items()}


async def oldest_unread(
    settings: KafkaSettings, group: str, topics: Sequence[str]
) -> dict[str, int]:
    """By topic, when the oldest record was written that the group has not read, in ms since 1970.

    Topics that are read to their end are left out. Raises `Unavailable`.
    """
    oldest: dict[str, int] = {}
    async with _standalone(settings, *topics) as client, asyncio.timeout(STARTING_SECONDS):
        waiting = await client.end_offsets(client.assignment())
        async with administering(settings, STARTING_SECONDS) as admin:
            read = await admin.list_consumer_group_offsets(group, partitions=list(waiting))
        for place, (offset, _) in read.items():
            if offset >= 0:
                client.seek(place, offset)
        while waiting := {
            place: end for place, end in waiting.items() if await client.position(place) < end
        }:
            for place, records in (await client.getmany(*waiting, timeout_ms=200)).items():
                first: int = records[0].timestamp
                oldest[place.topic] = min(oldest.get(place.topic, first), first)
                del waiting[place]
    return oldest


async def oldest_offsets(settings: KafkaSettings, *topics: str) -> dict[tuple[str, int], int]:
    """The offset of the oldest record that every partition of the topics keeps. Raises `Unavailable`."""
    async with _standalone(settings, *topics) as client:
        oldest = await client.beginning_offsets(client.assignment())
    return {(place.topic, place.partition): offset for place, offset in oldest.items()}


async def read_all(settings: KafkaSettings, topic: str) -> list[Record]:
    """Every record the topic holds now, in partition order; belongs to no group."""
    async with _standalone(settings, topic) as client:
        records: list[Record] = []
        ends = await client.end_offsets(client.assignment())
        found: Any = True
        while found or any([await client.position(place) < end for place, end in ends.items()]):
            found = await client.getmany(timeout_ms=200)
            records += (record for places in found.values() for record in places)
    return sorted(records, key=lambda record: (record.partition, record.offset))


async def read_between(
    settings: KafkaSettings, topic: str, partition: int, first: int, end: int
) -> list[Record]:
    """What is left of the records of one partition from the offset `first` and before `end`; no group.

    Raises `Unavailable`.
    """
    place = TopicPartition(topic, partition)
    async with _standalone(settings) as client:
        client.assign([place])
        client.seek(place, first)
        records: list[Record] = []
        while await client.position(place) < end:
            found = await client.getmany(timeout_ms=200)
            records += found.get(place, ())
    return [record for record in records if record.offset < end]


async def check_idle(settings: KafkaSettings, group: str) -> None:
    """Raises `Conflict` while the consumer group has members, `Unavailable` if the broker is away."""
    async with administering(settings) as admin:
        (answer,) = await admin.describe_consumer_groups([group])
    if any(members for *_, members in answer.groups):
        raise Conflict(f"the group {group} has members: stop its workers, and wait a moment")


async def start_over(settings: KafkaSettings, group: str, topics: Sequence[str]) -> None:
    """Let a consumer group begin anew at the oldest record of each topic.

    Raises `Conflict` while the group has members, `Unavailable` if the broker is away.
    """
    await check_idle(settings, group)
    async with _standalone(settings, *topics) as client:
        oldest = await client.beginning_offsets(client.assignment())
    async with _standalone(settings, group=group) as client, asyncio.timeout(COMMIT_SECONDS):
        client.assign(list(oldest))
        await client.commit(oldest)


@asynccontextmanager
async def _standalone(
    settings: KafkaSettings, *topics: str, group: str | None = None
) -> AsyncIterator[Any]:
    own = {"group_id": group, "enable_auto_commit": False}
    client = AIOKafkaConsumer(*topics, **connecting(settings), **READING, **own)
    await start_client(client, settings)
    try:
        async with reaching_broker():
            yield client
    finally:
        await close_client(client)
