"""The work of every peer for one event: skip what was seen, count for the customer, publish the count.

Standard library alone: each peer imports it in an environment of its own.
"""

import json
import os
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

TABLES = """
create table inbox (id uuid primary key);
create table counter (k text primary key, n bigint not null) with (fillfactor = 50);
create table outbox (
  seq bigint generated always as identity primary key, key text not null, body bytea not null
);
"""
MARK_ONE = "insert into inbox (id) values ($1) on conflict do nothing"
COUNT_ONE = (
    "insert into counter (k, n) values ($1, 1) on conflict (k) do update set n = counter.n + 1"
)
COLUMNS = ("key", "body")
"""Of the outbox; COPY fills them."""
APPEND_ONE = "insert into outbox (key, body) values ($1, $2) returning seq"
MARK = "insert into inbox (id) select * from unnest($1::uuid[]) on conflict do nothing returning id"
COUNT = """
insert into counter (k, n) select * from unnest($1::text[], $2::bigint[]) order by 1
on conflict (k) do update set n = counter.n + excluded.n
"""
Event = tuple[UUID, str]
"""The id of a submission, and whose it is."""


def setting(name: str) -> str:
    """What a peer is started with, by name."""
    return os.environ[f"PEER_{name}"]


def counted(event: Event) -> dict[str, object]:
    """The event that is published for one event."""
    return {"type": "counted", "contact_id": str(event[0]), "customer_id": event[1], "delta": 1}


def counted_as_bytes(event: Event) -> bytes:
    """The same as JSON."""
    return json.dumps(counted(event)).encode()


async def process_batch(connection: Any, events: Sequence[Event]) -> list[Event]:
    """A whole batch in two statements; those that are new."""
    new = {row[0] for row in await connection.fetch(MARK, [id_ for id_, _ in events])}
    fresh = {event[0]: event for event in events if event[0] in new}
    counts = Counter(customer for _, customer in fresh.values())
    await connection.execute(COUNT, list(counts), list(counts.values()))
    return list(fresh.values())


async def process_one(connection: Any, event: Event) -> bool:
    """One event; whether it is new."""
    if not (await connection.execute(MARK_ONE, event[0])).endswith(" 1"):
        return False
    await connection.execute(COUNT_ONE, event[1])
    return True
