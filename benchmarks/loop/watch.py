"""Seen from outside: how fast records arrive in a topic, by its end offsets alone."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.settings import KafkaSettings

LOOK_SECONDS = 0.01


class Seen(NamedTuple):
    """How many records came, and how many a second from the first mark to the last."""

    records: int
    per_second: float


async def watch(
    kafka: KafkaSettings,
    topic: str,
    begin: Callable[[], object],
    *,
    expected: int,
    limit: float,
    start_timeout: float = 25.0,
) -> Seen:
    """Begin, and watch until `expected` records have come or `limit` seconds have gone by.

    The clock runs from the first tenth on, so that starting is left out.
    """
    client = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap)
    await client.start()
    try:
        places = [TopicPartition(topic, n) for n in await _partitions(client, topic)]
        before = await _stands(client, places)
        begin()
        come = partial(_come, client, places, before)
        return await _seen(come, expected, limit, start_timeout)
    finally:
        await client.stop()


async def _seen(
    look: Callable[[], Awaitable[int]], expected: int, limit: float, start_timeout: float
) -> Seen:
    began, first, now = perf_counter(), 0, perf_counter()
    last, come = began, 0
    while come < expected and now - began < (limit if first else start_timeout):
        await asyncio.sleep(LOOK_SECONDS)
        found = await look()
        now = perf_counter()
        if found > come:
            come, last = found, now
        if not first and come >= expected / 10:
            began, first = now, come
    return Seen(come, (come - first) / (last - began) if come > first > 0 else 0.0)


async def _come(client: Any, places: list[TopicPartition], before: int) -> int:
    return await _stands(client, places) - before


async def _partitions(client: Any, topic: str) -> set[int]:
    await client._client.set_topics([topic])  # noqa: SLF001
    found: set[int] = client.partitions_for_topic(topic)
    return found


async def _stands(client: Any, places: list[TopicPartition]) -> int:
    return sum((await client.end_offsets(places)).values())
