"""A filled outbox published by our relay (until stopped), by delete..returning, and from memory."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

from pydantic import SecretStr

from benchmarks.loop.submissions import COUNTED
from benchmarks.report import parser, write_report
from shared.database.database import Database
from shared.messaging.kafka import Producer
from shared.messaging.outbox.cursor import MAX_ROWS
from shared.messaging.outbox.publishing import publish_batch
from shared.messaging.outbox.relay import Relay
from shared.runtime.memory import freeze_gc
from shared.settings import DatabaseSettings, KafkaSettings

TYPE = "rapport.bench.counted.v1"
KEYS, BYTES = 1_000, 200
TAKE = f"""
delete from outbox where (xid, position) in (
  select xid, position from outbox order by xid, position limit {MAX_ROWS} for update skip locked
) returning position, topic, key, type, traceparent, headers, value
"""  # noqa: S608 - a number of our own
WAITS = "select count(*) from outbox"


async def ours(database: Database, kafka: KafkaSettings, _rows: int) -> None:
    """The relay until it is stopped."""
    await Relay(database, kafka).run(asyncio.Event())


async def deleting(database: Database, kafka: KafkaSettings, _rows: int) -> None:
    """The usual way: delete..returning, as many at a time, gone when the broker has them."""
    async with Producer(kafka) as producer:
        while await _one_batch(database, producer):
            continue


async def _one_batch(database: Database, producer: Producer) -> int:
    async with database.transaction() as tx:
        rows = sorted(await tx.fetch(TAKE), key=lambda row: int(row["position"]))
        await publish_batch(producer, rows)
    return len(rows)


async def memory(_database: Database, kafka: KafkaSettings, rows: int) -> None:
    """The same batches without a database."""
    async with Producer(kafka) as producer:
        for start in range(0, rows, MAX_ROWS):
            numbers = range(start, min(rows, start + MAX_ROWS))
            await publish_batch(producer, [row(number) for number in numbers])


def row(number: int) -> dict[str, object]:
    """An outbox row as the database gives it."""
    return {
        "position": number,
        "topic": COUNTED.name,
        "key": b"c-%d" % (number % KEYS),
        "type": TYPE,
        "traceparent": None,
        "headers": None,
        "value": b"x" * BYTES,
    }


VARIANTS: dict[str, Callable[[Database, KafkaSettings, int], Awaitable[None]]] = {
    "ours": ours,
    "deleting": deleting,
    "memory": memory,
}


async def work(dsn: str, kafka: KafkaSettings, variant: str, rows: int) -> int:
    """Publish all; how many rows are left."""
    database = await Database.open(DatabaseSettings(dsn=SecretStr(dsn)), service="bench")
    freeze_gc()
    await VARIANTS[variant](database, kafka, rows)
    async with database.connection() as connection:
        left = int(await connection.fetchval(WAITS))
    await database.close()
    return left


def main(arguments: list[str]) -> None:
    """Work, and report."""
    options = parser(__doc__, "dsn", "kafka")
    options.add_argument("--variant", required=True, choices=VARIANTS)
    options.add_argument("--rows", type=int, required=True)
    asked = options.parse_args(arguments)
    kafka = KafkaSettings.model_validate_json(asked.kafka)
    write_report(asked, asyncio.run(work(asked.dsn, kafka, asked.variant, asked.rows)))


if __name__ == "__main__":
    main(sys.argv[1:])
