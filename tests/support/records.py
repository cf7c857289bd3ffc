"""Kafka records made by hand."""

from dataclasses import dataclass

from shared.contracts.cloudevents import Headers
from shared.messaging.kafka import Message


@dataclass(frozen=True)
class FakeRecord:
    """A record as a client hands it out."""

    value: bytes | None
    headers: Headers = ()
    key: bytes | None = b"key"
    topic: str = "rapport.inbox"
    partition: int = 3
    offset: int = 17
    timestamp: int = 1_772_452_800_000


def record(message: Message, offset: int = 17) -> FakeRecord:
    """The record this message becomes."""
    return FakeRecord(message.value, message.headers, message.key, offset=offset)
