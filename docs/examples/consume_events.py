"""Follows Rapport's events and acts on each once. Copy and adapt: it needs aiokafka[zstd] and nothing else."""

import argparse
import asyncio
import json
import sqlite3
import sys
from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

TABLES = """
create table if not exists handled (source text, id text, primary key (source, id));
create table if not exists outcome (contact_id text primary key, outcome text not null);
"""
OUTCOMES = {
    "rapport.resolution.confirmed.v1": "confirmed",
    "rapport.resolution.refuted.v1": "refuted",
    "rapport.resolution.unrefuted.v1": "unrefuted",
}


def handle(database: sqlite3.Connection, event: Mapping[str, Any]) -> bool:
    """Act on the event, unless that was done before; the mark and the effect are one transaction."""
    with database:
        mark = "insert or ignore into handled (source, id) values (?, ?)"
        if not database.execute(mark, (event["source"], event["id"])).rowcount:
            return False
        act(database, event)
        return True


def act(database: sqlite3.Connection, event: Mapping[str, Any]) -> None:
    """What you do with an event. A type that you do not know is nothing to you."""
    outcome = OUTCOMES.get(event["type"])
    if outcome:
        write = "insert or replace into outcome (contact_id, outcome) values (?, ?)"
        database.execute(write, (event["data"]["contact_id"], outcome))


def read(value: bytes | None) -> Mapping[str, Any] | None:
    """The event in a record's value; None for what is no event, which must not stop you."""
    try:
        event = json.loads(value or b"")
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or "data" not in event:
        return None
    named = all(isinstance(event.get(name), str) for name in ("source", "id", "type"))
    return event if named else None


def tally(database: sqlite3.Connection) -> str:
    """How many contacts have each outcome, in words."""
    count = "select count(*) from outcome where outcome = ?"
    found = {each: database.execute(count, (each,)).fetchone()[0] for each in OUTCOMES.values()}
    return ", ".join(f"{number} {outcome}" for outcome, number in found.items())


async def follow(options: argparse.Namespace) -> str:
    """Handle what there is, and what comes; what came of it, in words. Raises KafkaError."""
    handled = 0
    database = sqlite3.connect(options.database)
    database.executescript(TABLES)
    consumer = AIOKafkaConsumer(
        *options.topics.split(","),
        bootstrap_servers=options.bootstrap,
        group_id=options.group,
        auto_offset_reset="earliest",  # a new group begins with the oldest event that is kept
        enable_auto_commit=False,  # a position is committed when its events are done
        isolation_level="read_committed",
    )
    try:
        await consumer.start()
        while records := await _next(consumer, options.idle):
            for record in records:
                event = read(record.value)
                if event is None:
                    place = f"{record.topic}[{record.partition}]@{record.offset}"
                    print(f"no event at {place}", file=sys.stderr)
                elif handle(database, event):
                    handled += 1
                    print(event["type"], event.get("subject", ""))
            await consumer.commit()
        return f"Handled {handled} events: {tally(database)}"
    finally:
        await consumer.stop()
        database.close()


async def _next(consumer: AIOKafkaConsumer, idle: float) -> list[Any]:
    """The next records; none once nothing has come for `idle` seconds, if that is not 0."""
    wait = int(1_000 * (idle or 1))
    while not (found := await consumer.getmany(timeout_ms=wait)):
        if idle:
            return []
    return [record for records in found.values() for record in records]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", default="localhost:9092", help="host:port of a broker")
    parser.add_argument("--group", default="example-reader", help="your consumer group")
    parser.add_argument("--topics", default="rapport.followups", help="with commas between")
    parser.add_argument("--database", default="outcomes.db", help="an SQLite file of your own")
    parser.add_argument("--idle", type=float, default=0, help="end after so many idle seconds")
    asked = parser.parse_args()
    try:
        print(asyncio.run(follow(asked)))
    except KafkaError as error:
        sys.exit(f"Cannot read from {asked.bootstrap}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
