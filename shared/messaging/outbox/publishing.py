"""Outbox rows to their partitions, one batch at a time per partition, each topic for itself."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from shared.contracts.record import EVENT_HEADERS
from shared.contracts.trace_context import TraceContext
from shared.messaging.kafka import Message, Producer, partition_of
from shared.messaging.kafka_client import TopicRefused
from shared.messaging.outbox.headers import unpack
from shared.observability import metrics

REFUSED_AFTER_SECONDS = 30.0
"""A broker that answers questions, but has not taken records for so long, takes none for this topic."""


class PublishedBatch(NamedTuple):
    """Where rows went: the first of `positions` stands at `base_offset`, the others follow."""

    topic: str
    partition: int
    base_offset: int
    positions: list[int]


class Published(NamedTuple):
    """What became of some rows: where they went, and the topics that did not take all of theirs, and why."""

    batches: list[PublishedBatch]
    refused: dict[str, str]


class Traced(NamedTuple):
    """What a span says of a row that belongs to a trace."""

    trace: TraceContext
    topic: str
    type: str


_Work: TypeAlias = "asyncio.Task[list[PublishedBatch]]"


async def publish_batch(producer: Producer, rows: Sequence[Any]) -> Published:
    """Publish the rows, in order per partition; returns when the broker has all that it takes.

    One topic that is missing, forbidden or without enough replicas keeps no other waiting for longer
    than `REFUSED_AFTER_SECONDS`. Where one has refused, the producer is not to be used again: records may
    still be on their way. Raises `Unavailable`, and then with nothing on its way.
    """
    sizes, refused = await _sizes(producer, {row["topic"] for row in rows})
    works = {
        asyncio.create_task(_publish_partition(producer, *place, waiting)): place[0]
        for place, waiting in _by_partition(rows, sizes).items()
    }
    try:
        await _finished(producer, works.keys())
    finally:
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)
    return _outcome(works, refused)


def traced_of(rows: Sequence[Any]) -> list[Traced]:
    """Those rows that carry a trace. What became a dead letter has no type that could be repeated."""
    return [
        Traced(TraceContext(parent), row["topic"], row["type"] or "unknown")
        for row in rows
        if (parent := row["traceparent"])
    ]


async def _sizes(
    producer: Producer, topics: Collection[str]
) -> tuple[dict[str, int], dict[str, str]]:
    """How many partitions each topic has, and which have none for us."""
    found = await asyncio.gather(*map(producer.partitions, topics), return_exceptions=True)
    sizes, refused = {}, {}
    for topic, size in zip(topics, found, strict=True):
        if isinstance(size, TopicRefused):
            refused[topic] = size.detail
        elif isinstance(size, BaseException):
            raise size
        else:
            sizes[topic] = size
    return sizes, refused


def _by_partition(
    rows: Sequence[Any], sizes: Mapping[str, int]
) -> Mapping[tuple[str, int], list[Any]]:
    parted: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for row in rows:
        if size := sizes.get(topic := row["topic"]):
            parted[topic, partition_of(row["key"] or b"", size)].append(row)
    return parted


async def _finished(producer: Producer, works: Collection[_Work]) -> None:
    """Returns when all are, or when the broker is there and has kept some of them waiting all the same."""
    waiting = set(works)
    while waiting:
        _, waiting = await asyncio.wait(waiting, timeout=REFUSED_AFTER_SECONDS)
        if waiting and await producer.alive():
            return


def _outcome(works: Mapping[_Work, str], refused: dict[str, str]) -> Published:
    batches: list[PublishedBatch] = []
    for work, topic in works.items():
        error = None if work.cancelled() else work.exception()
        if work.cancelled():
            refused[topic] = f"it has taken nothing for {REFUSED_AFTER_SECONDS:.0f} s"
        elif isinstance(error, TopicRefused):
            refused[topic] = error.detail
        elif error:
            raise error
        else:
            batches += work.result()
    return Published(batches, refused)


async def _publish_partition(
    producer: Producer, topic: str, partition: int, rows: Sequence[Any]
) -> list[PublishedBatch]:
    batches, done = [], 0
    for offset, records in await producer.write(topic, partition, [_message(row) for row in rows]):
        positions = [row["position"] for row in rows[done : done + records]]
        batches.append(PublishedBatch(topic, partition, offset, positions))
        done += records
    metrics.outbox_published.labels(topic).inc(len(rows))
    return batches


def _message(row: Any) -> Message:
    packed = row["headers"]
    return Message(row["key"], row["value"], EVENT_HEADERS if packed is None else unpack(packed))
