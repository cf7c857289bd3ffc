"""aiokafka and asyncpg as tutorials put them together: one event, one transaction, one send."""

import json
from uuid import UUID

import asyncpg
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.peers.work import APPEND_ONE, counted_as_bytes, process_one, setting


async def main() -> None:
    """Work until killed."""
    connection = await asyncpg.connect(setting("DSN"))
    consumer = AIOKafkaConsumer(
        setting("IN"),
        bootstrap_servers=setting("KAFKA"),
        group_id=setting("GROUP"),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    producer = AIOKafkaProducer(bootstrap_servers=setting("KAFKA"), acks="all")
    await consumer.start()
    await producer.start()
    async for record in consumer:
        event = UUID(json.loads(record.value)["data"]["reference"]), record.key.decode()
        body = counted_as_bytes(event)
        async with connection.transaction():
            if not await process_one(connection, event):
                continue
            seq = await connection.fetchval(APPEND_ONE, event[1], body)
        await producer.send_and_wait(setting("OUT"), body, key=record.key)
        await connection.execute("delete from outbox where seq = $1", seq)
        await consumer.commit()


if __name__ == "__main__":
    uvloop.run(main())
