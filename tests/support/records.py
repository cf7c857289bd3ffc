"""Kafka records made by hand."""

from dataclasses import dataclass, replace
from typing import Any

from shared.contracts.record import EVENT_HEADERS, Headers
from shared.messaging.kafka import Message
from shared.messaging.outbox.headers import unpack


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

    def with_headers(self, headers: Headers) -> "FakeRecord":
        return replace(self, headers=headers)


def outbox_record(row: Any) -> FakeRecord:
    """The record that a row of the outbox becomes, be it an event or a dead letter."""
    headers = EVENT_HEADERS if row["headers"] is None else unpack(row["headers"])
    return FakeRecord(row["value"], headers, row["key"], topic=row["topic"])


def record(message: Message, offset: int = 17) -> FakeRecord:
    """The record this message becomes."""
    return FakeRecord(message.value, message.headers, message.key, offset=offset)
