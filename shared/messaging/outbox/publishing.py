"""Outbox rows to their partitions, one batch at a time per partition."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

from shared.contracts.record import EVENT_HEADERS
from shared.contracts.trace_context import TraceContext
from shared.messaging.kafka import Message, Producer, partition_of
from shared.messaging.outbox.headers import unpack
from shared.observability import metrics


class PublishedBatch(NamedTuple):
    """Where rows went: the first of `positions` stands at `base_offset`, the others follow."""

    topic: str
    partition: int
    base_offset: int
    positions: list[int]


class Traced(NamedTuple):
    """What a span says of a row that belongs to a trace."""

    trace: TraceContext
    topic: str
    type: str


async def publish_batch(producer: Producer, rows: Sequence[Any]) -> list[PublishedBatch]:
    """Publish the rows, in order per partition; returns when the broker has all of them.

    Returns or raises only when nothing is on its way any more. Raises `Unavailable`.
    """
    sizes = {topic: await producer.partitions(topic) for topic in {row["topic"] for row in rows}}
    by_partition: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for row in rows:
        topic = row["topic"]
        by_partition[topic, partition_of(row["key"] or b"", sizes[topic])].append(row)
    published = await asyncio.gather(
        *(_publish_partition(producer, *place, waiting) for place, waiting in by_partition.items()),
        return_exceptions=True,
    )
    for result in published:
        if isinstance(result, BaseException):
            raise result
    return list(chain.from_iterable(published))  # type: ignore[arg-type]  # no exception is left in it


def traced_of(rows: Sequence[Any]) -> list[Traced]:
    """Those rows that carry a trace. What became a dead letter has no type that could be repeated."""
    return [
        Traced(TraceContext(parent), row["topic"], row["type"] or "unknown")
        for row in rows
        if (parent := row["traceparent"])
    ]


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
