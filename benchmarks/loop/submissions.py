"""What every loop reads: submitted contacts, one in a hundred of them twice, keyed by customer."""

import json
from collections.abc import Iterator
from uuid import UUID, uuid4

from benchmarks.load import contact
from shared.contracts.record import EVENT_HEADERS
from shared.contracts.topics import Topic
from shared.kernel.ids import stable_id
from shared.messaging.kafka import Message, Producer, partition_of
from shared.settings import KafkaSettings

SOURCE = "benchmarks"
CUSTOMERS = 1_000
AT_ONCE = 2_000
TIME = "2026-03-02T12:00:00Z"
DOUBLED = 100
"""One submission in so many comes twice."""


def _topic(name: str, key: str) -> Topic:
    return Topic(name=name, key=key, producers=(), consumers=(), description="")


SUBMITTED = _topic("rapport.bench.submitted", "customer id")
COUNTED = _topic("rapport.bench.counted", "customer id")


def customer_id(number: int) -> str:
    """One of the customers; two contacts of the same customer often come together."""
    return str(stable_id("benchmarks", str(number // 2 % CUSTOMERS)))


def submissions(records: int) -> Iterator[Message]:
    """So many records; `distinct` of them count."""
    again = _submission(0, uuid4())
    for number in range(records):
        if number % DOUBLED != DOUBLED - 1:
            again = _submission(number, uuid4())
        yield again


def distinct(records: int) -> int:
    """How many different submissions are among so many records."""
    return records - records // DOUBLED


async def publish(kafka: KafkaSettings, topic: str, messages: Iterator[Message]) -> None:
    """Put records where their keys belong, in order."""
    async with Producer(kafka) as producer:
        partitions = await producer.partitions(topic)
        loads: dict[int, list[Message]] = {}
        for message in messages:
            load = loads.setdefault(partition_of(message.key or b"", partitions), [])
            load.append(message)
            if len(load) == AT_ONCE:
                await producer.write(topic, partition_of(message.key or b"", partitions), load)
                load.clear()
        for partition, load in loads.items():
            await producer.write(topic, partition, load)


def _submission(number: int, event_id: UUID) -> Message:
    customer = customer_id(number)
    event = {
        "type": "rapport.contact.submitted.v1",
        "specversion": "1.0",
        "id": str(event_id),
        "source": SOURCE,
        "subject": customer,
        "time": TIME,
        "data": contact(number // 2 % CUSTOMERS) | {"reference": str(event_id)},
    }
    return Message(customer.encode(), json.dumps(event).encode(), EVENT_HEADERS)
