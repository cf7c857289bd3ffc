"""FastStream with an inbox and an outbox: a batch is one transaction, a relay beside it publishes the rows.

A batch's offsets are committed after its transaction, and a row is gone once the broker has it: what a crash
takes comes again, and the inbox knows it. One subscriber writes, so rows become visible in the order of `seq`.
"""

import asyncio
from typing import Any

import asyncpg
import uvloop
from aiokafka import AIOKafkaProducer
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker

from benchmarks.peers.faststream_loop import SIZE, Submitted, decoded
from benchmarks.peers.work import COLUMNS, counted_as_bytes, process_batch, setting

ROWS, IDLE_SECONDS = 2_000, 0.005
TAKE = f"""
with taken as (
  delete from outbox where seq in (select seq from outbox order by seq limit {ROWS})
  returning seq, key, body
)
select key, body from taken order by seq
"""  # noqa: S608 - a number of our own


class Outbox:
    """Rows of committed transactions, published in order by one task."""

    def __init__(self) -> None:
        self._pool: Any = None
        self._producer: Any = None
        self._relay: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect, and begin to publish."""
        self._pool = await asyncpg.create_pool(setting("DSN"), min_size=2, max_size=4)
        self._producer = AIOKafkaProducer(
            bootstrap_servers=setting("KAFKA"), enable_idempotence=True, compression_type="lz4"
        )
        await self._producer.start()
        self._relay = asyncio.create_task(self._work())

    async def batch(self, submitted: list[Submitted]) -> None:
        """A batch in one transaction: what was seen, what is counted, what is to be published."""
        events = [each.event() for each in submitted]
        async with self._pool.acquire() as connection, connection.transaction():
            fresh = await process_batch(connection, events)
            rows = [(event[1], counted_as_bytes(event)) for event in fresh]
            await connection.copy_records_to_table("outbox", columns=COLUMNS, records=rows)

    async def _work(self) -> None:
        while True:
            if not await self._publish():
                await asyncio.sleep(IDLE_SECONDS)

    async def _publish(self) -> int:
        """The next rows; they are deleted if the broker takes all of them."""
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(TAKE)
            out = setting("OUT")
            sent = [await self._producer.send(out, body, key.encode()) for key, body in rows]
            await asyncio.gather(*sent)
        return len(rows)


def application() -> FastStream:
    """The application that consumes."""
    broker = KafkaBroker(setting("KAFKA"), logger=None)
    outbox = Outbox()
    subscriber = broker.subscriber(
        setting("IN"),
        group_id=setting("GROUP"),
        auto_offset_reset="earliest",
        batch=True,
        max_records=SIZE,
        batch_timeout_ms=50,
        decoder=decoded,
        ack_policy=AckPolicy.NACK_ON_ERROR,
    )
    subscriber(outbox.batch)
    return FastStream(broker, on_startup=[outbox.open])


if __name__ == "__main__":
    uvloop.run(application().run())
