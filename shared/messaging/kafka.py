"""The door to Kafka for what reads and writes; `kafka_topics` is that for topics. No other file imports its client.

The client hides outages: reading returns nothing, committing and idempotent sending wait for ever.
So what may wait has a deadline of its own here, and `Probe` tells silence from absence. Or it stumbles
over one, such as over a connection it has forgotten: whatever it raises, the broker is out of reach.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import (
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from aiokafka.partitioner import murmur2

from shared.contracts.record import Headers, Record
from shared.kernel.errors import Conflict, Failure, Unavailable
from shared.messaging.kafka_options import Password, connecting, consuming, producing
from shared.observability.logging import get_logger
from shared.settings import KafkaSettings

STARTING_SECONDS = 30.0
COMMIT_SECONDS = CLOSING_SECONDS = 5.0
# What a publisher's transaction took back was never said.
READING = {"isolation_level": "read_committed", "auto_offset_reset": "earliest"}
# Not the sticky assignor: it keeps what was assigned last in its class, for all groups together.
DEALING = {"partition_assignment_strategy": (RoundRobinPartitionAssignor,)}
# What an outage is called: by the client, by the system, and by the event loop.
OUTAGES = (KafkaError, OSError, RuntimeError)
# What the broker says of one topic alone, and repeats until somebody changes the topic or our rights.
REFUSALS: dict[type[BaseException], str] = {
    UnknownTopicOrPartitionError: "it does not exist",
    InvalidTopicError: "nobody may write to it",
    TopicAuthorizationFailedError: "we may not write to it",
    MessageSizeTooLargeError: "a record is larger than it takes",
    RecordListTooLargeError: "a batch is larger than it takes",
    PolicyViolationError: "a record is against its policy",
}

log = get_logger(__name__)


class TopicRefused(Unavailable):
    """The broker is there, but takes nothing for this topic; of other topics that says nothing."""


class Message(NamedTuple):
    """A record to be written."""

    key: bytes | None
    value: bytes | None
    headers: Headers


class Written(NamedTuple):
    """A run of records that the broker has: `records` of them from `offset` on."""

    offset: int
    records: int


@asynccontextmanager
async def _broker(seconds: float | None = None) -> AsyncIterator[None]:
    """Inside, whatever the client raises is `Unavailable`, and so is what takes longer than this."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except Failure:
        raise
    except tuple(REFUSALS) as error:
        raise TopicRefused(REFUSALS[type(error)]) from error
    except Exception as error:
        if not isinstance(error, OUTAGES):
            log.warning("the Kafka client stumbled", exc_info=error)
        raise Unavailable(f"broker: {type(error).__name__}") from error


@lru_cache(maxsize=10_000)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition every Kafka client by default chooses for this key."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


class Producer:
    """Writes batches; with `acks=all`, and idempotent unless the settings say the broker cannot."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._password = Password(settings)
        self._client = AIOKafkaProducer(**producing(settings))

    async def __aenter__(self) -> "Producer":
        await _start(self._client)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._abort()
        await _close(self._client)

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
        """How many partitions the topic has. Raises `TopicRefused`, or `Unavailable`."""
        async with _broker():
            return len(await self._client.partitions_for(topic))

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
            async with _broker():
                sent = await self._client.send_batch(batch, topic, partition=partition)
                written.append(Written((await sent).offset, count))
            left = left[count:]
        return written


def _fill(batch: Any, messages: Sequence[Message]) -> int:
    for count, (key, value, headers) in enumerate(messages):
        if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
            return count
    return len(messages)


class Reader(ConsumerRebalanceListener):  # type: ignore[misc]  # the library has no types
    """One member of a consumer group; the client tells it before partitions move."""

    def __init__(
        self,
        settings: KafkaSettings,
        group: str,
        topics: Iterable[str],
        member: int = 0,
        gather_ms: int = 0,
    ) -> None:
        self._most = settings.max_records
        self._password = Password(settings)
        own = consuming(settings, group, member, gather_ms)
        self._client = AIOKafkaConsumer(**own, **DEALING, **READING)
        self._client.subscribe(list(topics), listener=self)
        self._idle = asyncio.Event()
        self._idle.set()
        self._begun: dict[TopicPartition, int] = {}
        self._done: dict[TopicPartition, int] = {}
        self._committed: dict[TopicPartition, int] = {}

    async def __aenter__(self) -> "Reader":
        await _start(self._client)
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._commit_if_possible()
        finally:
            await _close(self._client)

    async def poll(self) -> list[Record]:
        """What there is, in partition order; nothing after a tenth of a second. Raises `Unavailable`.

        Whoever asks has finished what was read before.
        """
        self._idle.set()
        self._password.check()
        async with _broker():
            try:
                found = await self._client.getmany(timeout_ms=100, max_records=self._most)
            except Exception as error:
                self._idle.clear()  # what the client read before it failed is in nobody's hand
                if isinstance(error, UnicodeDecodeError):  # it cannot read such a record at all
                    raise Unavailable("a record has a header whose name is not UTF-8") from error
                raise
        if not found and self._client._fetcher.error_future.done():  # noqa: SLF001 - nobody else tells
            raise Unavailable("broker: the client has ceased to fetch")
        if found:
            self._idle.clear()
        for place, records in found.items():
            self._begun.setdefault(place, records[0].offset)
        return [record for records in found.values() for record in records]

    def done(self, records: Sequence[Record]) -> None:
        """These are dealt with: their offsets may be committed."""
        ends = {(record.topic, record.partition): record.offset + 1 for record in records}
        self._done |= {TopicPartition(*place): end for place, end in ends.items()}
        self._idle.set()

    async def on_partitions_revoked(self, _: object) -> None:
        """Who gets them begins behind the batch in hand: the group waits for it, but not for ever."""
        with suppress(TimeoutError):
            async with asyncio.timeout(COMMIT_SECONDS):
                await self._idle.wait()
        await self._commit_if_possible()

    async def on_partitions_assigned(self, _: object) -> None:
        """Nothing to do: reading begins at what was committed."""

    async def _commit_if_possible(self) -> None:
        """An optimisation: what is read again has its marks in the inbox."""
        try:
            await self.commit()
        except Unavailable as error:
            log.info("some records will be read again", reason=error.detail)

    async def commit(self) -> None:
        """Commit how far we are. Raises `Unavailable`."""
        mine = self._client.assignment()
        ahead = self._done.items() - self._committed.items()
        offsets = {partition: offset for partition, offset in ahead if partition in mine}
        if offsets:
            async with _broker(COMMIT_SECONDS):
                await self._client.commit(offsets)
            self._committed.update(offsets)

    async def lag(self) -> dict[str, int]:
        """Records that wait for this member, by topic, as the broker knows now. Raises `Unavailable`.

        What was read and is not done waits, too.
        """
        mine = self._client.assignment()
        self._forget_all_but(mine)
        waiting = {partition.topic: 0 for partition in mine}
        async with _broker(COMMIT_SECONDS):
            for place, end in (await self._client.end_offsets(mine)).items():
                waiting[place.topic] += max(0, end - await self._done_until(place))
        return waiting

    async def _done_until(self, place: TopicPartition) -> int:
        """While nothing is in hand the client knows: it skips by itself what transactions leave."""
        position: int = await self._client.position(place)
        if self._idle.is_set():
            self._done[place] = position
        return self._done.get(place, self._begun.get(place, position))

    def _forget_all_but(self, mine: Collection[TopicPartition]) -> None:
        """Others go on where we were, and we where they were, should a partition come back."""
        for places in (self._begun, self._done, self._committed):
            for lost in places.keys() - mine:
                del places[lost]


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


async def start_over(settings: KafkaSettings, group: str, topics: Sequence[str]) -> None:
    """Let a consumer group begin anew at the oldest record of each topic.

    Raises `Conflict` while the group has members, `Unavailable` if the broker is away.
    """
    async with administering(settings) as admin:
        (answer,) = await admin.describe_consumer_groups([group])
    if any(members for *_, members in answer.groups):
        raise Conflict(f"the group {group} has members: stop its workers, and wait a moment")
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
    await _start(client)
    try:
        async with _broker():
            yield client
    finally:
        await _close(client)


@asynccontextmanager
async def administering(
    settings: KafkaSettings, seconds: float | None = None
) -> AsyncIterator[Any]:
    """A client for administration; inside, whatever fails or takes longer than this is `Unavailable`."""
    client = AIOKafkaAdminClient(**connecting(settings))
    try:
        async with _broker(seconds):
            await client.start()
            yield client
    finally:
        await _close(client)


async def _start(client: Any) -> None:
    """Start a client in good time, or leave nothing of it behind. Raises `Unavailable`."""
    try:
        async with _broker(STARTING_SECONDS):
            await client.start()
    except BaseException:
        await _close(client)
        raise


async def _close(client: Any) -> None:
    """Say goodbye, but do not wait for ever: a broker that is away does not answer. Hang up always."""
    try:
        async with _broker(CLOSING_SECONDS):
            await (client.close() if isinstance(client, AIOKafkaAdminClient) else client.stop())
    except Unavailable as error:
        log.info("a Kafka client did not close", reason=error.detail)
    finally:  # nothing happens to connections that are closed
        with suppress(Unavailable):
            async with _broker():
                await (getattr(client, "_client", None) or client.client).close()
