"""What databases and topics say, read from outside with queries of its own: evidence, no judgement."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

import asyncpg
import msgspec

from deploy.local.platform import Addresses
from shared.contracts import topics
from shared.contracts.record import Record
from shared.messaging.dead_letters.listed import is_letter
from shared.messaging.kafka import read_all
from shared.settings import KafkaSettings

Row = Mapping[str, Any]
Rows = Mapping[tuple[str, str], tuple[Row, ...]]

READINGS = 5


class Published(NamedTuple):
    """One record as it stands in a topic."""

    topic: str
    partition: int
    offset: int
    id: str
    type: str
    source: str
    subject: str
    seq: int
    data: dict[str, Any]


class Held(NamedTuple):
    """From when to when (None: still) somebody held something."""

    who: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True)
class Evidence:
    """Everything the invariants are judged by. `rows` by service and query name."""

    published: tuple[Published, ...]
    dead_letters: int
    rows: Rows
    by_type: dict[str, list[Published]] = field(init=False)

    def __post_init__(self) -> None:
        by_type: dict[str, list[Published]] = {}
        for one in self.published:
            by_type.setdefault(one.type, []).append(one)
        object.__setattr__(self, "by_type", by_type)

    def of(self, service: str, name: str) -> tuple[Row, ...]:
        """The rows that a query found in a service's database."""
        return self.rows.get((service, name), ())

    def column(self, service: str, name: str, column: str) -> set[str]:
        """One column of them, as text."""
        return {str(row[column]) for row in self.of(service, name) if row[column] is not None}


QUERIES: Mapping[str, Mapping[str, str]] = {
    "intake": {
        "contacts": "select contact_id, channel, automatic from contact",
        "customers": "select customer_id from customer",
        "stored": "select channel, count(*) as n from message where arrival_key is not null"
        " group by 1",
        "quarantined": "select channel, sum(n)::bigint as n from ("
        "select channel, 1 as n from quarantine where replayed_at is null"
        " union all select channel, count from quarantine_overflow) as aside group by 1",
        "tally": "select channel, sum(received)::bigint as received, sum(stored)::bigint as stored,"
        " sum(quarantined)::bigint as quarantined, sum(deduplicated)::bigint as deduplicated"
        " from tally group by 1",
        "inbox": "select origin from inbox where origin like 'rapport.inbox/%'",
        "written": "select message_id, kind, state from message where state is not null",
        "promises": "select promise_id, outcome from promise",
        "mails": "select mail_id from message where arrival_key is not null and mail_id is not null",
    },
    "routing": {
        "contacts": "select contact_id, state from contact",
        "offers": "select offer_id, contact_id, agent_id, channel, slot, state, made_at, ended_at,"
        " need_kind, need_amount, need_currency from offer",
        "slots": "select agent_id, channel, count(*) as n from agent_slot group by 1, 2",
        "actions": "select action_id, agent_id, kind, amount, currency, action_limit,"
        " (taken_at at time zone 'UTC')::date as day from action",
        "days": "select agent_id, kind, currency, day, spent, budget from authority_day",
        "agents": "select agent_id, authorities from agent",
        "resolutions": "select resolution_id, contact_id, settled from resolution",
        "replies": "select message_id from message where kind = 'reply'",
    },
    "followup": {
        "check_ins": "select check_in_id, resolution_id, contact_id, state, message_id"
        " from check_in",
        "contacts": "select contact_id from contact where customer_id is not null",
    },
    "analytics": {
        "facts": "select contact_id from fact",
        "contacts": "select channel, sum(n)::bigint as n from rollup"
        " where measure = 'contacts' and generation ="
        " (select coalesce(max(number), 0) from generation where completed_at is not null)"
        " group by 1",
    },
}
EVERYWHERE: Mapping[str, str] = {
    "outbox": "select event_id, topic from outbox where type is not null",
    "unpublished": "select count(*) as n from outbox where (xid, position) >"
    " (select coalesce(max(xid), '0'), coalesce(max(position), 0) from relay_cursor)",
    "consumed": "select event_id from inbox",
}


async def gather(where: Addresses) -> Evidence:
    """Read all of it. The platform should be at rest.

    What is published meanwhile, such as a forecast that was due, has us read again, a few times.
    """
    kafka = KafkaSettings(bootstrap=where.bootstrap)
    live: list[Record] = []
    dead: list[Record] = []
    rows = await _rows(where)
    for _ in range(READINGS):
        before = rows
        live = await _records(kafka, topics.LIVE)
        dead = await _records(kafka, topics.DEAD_LETTERS)
        rows = await _rows(where)
        if _at_rest(before, rows):
            break
    return Evidence(tuple(map(read_record, live)), sum(map(is_letter, dead)), rows)


def _at_rest(before: Rows, after: Rows) -> bool:
    """Whether all had been published, and no event was added, while the topics were read."""
    unpublished = any(
        row["n"] for (_, name), rows in before.items() if name == "unpublished" for row in rows
    )
    return not unpublished and all(
        len(rows) == len(before[service, name])
        for (service, name), rows in after.items()
        if name == "outbox"
    )


async def _records(kafka: KafkaSettings, those: Iterable[topics.Topic]) -> list[Record]:
    of_each = await asyncio.gather(*(read_all(kafka, topic.name) for topic in those))
    return list(chain.from_iterable(of_each))


async def _rows(where: Addresses) -> Rows:
    found = await asyncio.gather(*(_query(name, dsn) for name, dsn in where.dsn.items()))
    return {key: rows for of_service in found for key, rows in of_service.items()}


async def _query(service: str, dsn: str) -> dict[tuple[str, str], tuple[Row, ...]]:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.set_type_codec(
            "jsonb", schema="pg_catalog", encoder=str, decoder=msgspec.json.decode
        )
        queries = {**EVERYWHERE, **QUERIES[service]}
        return {
            (service, name): tuple(map(dict, await connection.fetch(query)))
            for name, query in queries.items()
        }
    finally:
        await connection.close()


def read_record(record: Record) -> Published:
    """A record's attributes and data; it need not be well formed: poison stands in topics, too."""
    attributes = _in_headers(record) or _parsed(record.value)
    data = _parsed(record.value) if _in_headers(record) else attributes.get("data")
    seq = str(attributes.get("seq"))
    return Published(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        **{name: str(attributes.get(name) or "") for name in ("id", "type", "source", "subject")},
        seq=int(seq) if seq.isdecimal() else 0,
        data=data if isinstance(data, dict) else {},
    )


def _in_headers(record: Record) -> Mapping[str, str]:
    """The attributes of a record in binary mode."""
    return {
        name.removeprefix("ce_"): (content or b"").decode(errors="replace")
        for name, content in record.headers
        if name.startswith("ce_")
    }


def _parsed(value: bytes | None) -> Mapping[str, Any]:
    try:
        return msgspec.json.decode(value or b"{}", type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}


def without_repeats(published: Iterable[Published]) -> list[Published]:
    """Each event once, where it stood first: an event may be delivered twice."""
    seen: dict[tuple[str, str], Published] = {}
    for one in published:
        seen.setdefault((one.source, one.id), one)
    return list(seen.values())
