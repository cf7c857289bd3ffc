"""Faust: `take(500)` with our kind of SQL, no outbox."""

import os
import sys
import tempfile
from typing import Any
from uuid import UUID

import asyncpg
import faust

from benchmarks.peers.work import counted, process_batch, setting

os.environ.setdefault("FAUST_LOOP", "uvloop")
SIZE, WITHIN = 500, 0.05

app = faust.App(
    setting("GROUP"),
    broker=f"aiokafka://{setting('KAFKA')}",
    value_serializer="json",
    datadir=tempfile.mkdtemp(),
    stream_wait_empty=False,
    consumer_auto_offset_reset="earliest",
    topic_disable_leader=True,
    broker_session_timeout=6.0,
    broker_rebalance_timeout=6.0,
    broker_heartbeat_interval=2.0,
)
source = app.topic(setting("IN"), value_serializer="json", key_type=bytes, key_serializer="raw")
target = app.topic(setting("OUT"), value_serializer="json")


def _event(data: Any) -> tuple[UUID, str]:
    return UUID(data["reference"]), data["personal"]["address"]


async def count(stream: Any) -> None:
    """Batch after batch."""
    async with asyncpg.create_pool(setting("DSN"), min_size=2, max_size=8) as pool:
        async for batch in stream.take(SIZE, within=WITHIN):
            events = [_event(each["data"]) for each in batch]
            async with pool.acquire() as connection, connection.transaction():
                fresh = await process_batch(connection, events)
            for event in fresh:
                await target.send(key=event[1].encode(), value=counted(event))


app.agent(source)(count)

if __name__ == "__main__":
    sys.argv = [sys.argv[0], "worker", "-l", "error", "--without-web"]
    app.main()
