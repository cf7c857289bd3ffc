"""The events of a contact as these servers put them into their outbox: CloudEvents, one JSON object each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import to_json

from shared.kernel.ids import new_id

OUTBOX = """
create schema peer;
create table peer.outbox (
  position bigint generated always as identity primary key,
  event_id uuid not null, topic text not null, key text not null, type text not null,
  traceparent text not null, value bytea not null, created_at timestamptz not null default clock_timestamp()
);
"""
SOURCE = "rapport/intake"
FIRST = 1
"""The number of an event in its aggregate: here each is the first of a new one."""


class Event(NamedTuple):
    """A row of the outbox."""

    event_id: UUID
    topic: str
    key: str
    type: str
    traceparent: str
    value: bytes


def columns(events: Sequence[Event]) -> list[list[object]]:
    """The rows column by column."""
    return [[event[place] for event in events] for place in range(len(Event._fields))]


class Cause(NamedTuple):
    """When it happened, and the trace it belongs to."""

    time: datetime
    traceparent: str


def first_event(topic: str, type_: str, subject: UUID, data: dict[str, Any], cause: Cause) -> Event:
    """The first event of a new aggregate."""
    event_id, key = new_id(), str(subject)
    envelope = {
        "specversion": "1.0",
        "id": event_id,
        "source": SOURCE,
        "type": type_,
        "subject": key,
        "partitionkey": key,
        "time": cause.time,
        "seq": FIRST,
        "traceparent": cause.traceparent,
        "data": data,
    }
    return Event(event_id, topic, key, type_, cause.traceparent, to_json(envelope))
