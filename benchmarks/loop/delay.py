"""How long a committed row takes to where a reader of its topic has it, at a given load.

An open loop: a small transaction every few milliseconds whatever happens; or, to find out what load is
full, one transaction after the other. The relay is another process.
"""

import asyncio
import sys
from collections.abc import Iterator
from itertools import count, takewhile
from time import perf_counter

import asyncpg
import uvloop
from aiokafka import AIOKafkaConsumer

from benchmarks.loop.relays import TYPE
from benchmarks.loop.submissions import COUNTED
from benchmarks.report import parser, write_report
from shared.settings import KafkaSettings

EVERY_SECONDS = 0.01
FULL_ROWS = 500
"""Rows of a transaction when the next one is not waited for."""
QUIET_MS = 3_000
WRITE = """
insert into outbox (event_id, topic, key, type, value)
select gen_random_uuid(), $1, convert_to($2 || ' ' || n, 'UTF8'), $3, decode(repeat('78', 200), 'hex')
from generate_series(1, $4::int) n
"""


async def write(dsn: str, rate: int, seconds: float, run: str) -> dict[int, float]:
    """When each transaction was committed, by its number. Rate 0: as many as there is time for."""
    connection, committed = await asyncpg.connect(dsn), dict[int, float]()
    began = perf_counter()
    for number in _turns(began, seconds) if rate == 0 else range(round(seconds / EVERY_SECONDS)):
        if rate:
            await asyncio.sleep(began + number * EVERY_SECONDS - perf_counter())
        await connection.execute(WRITE, COUNTED.name, f"{run} {number}", TYPE, rows_of(rate))
        committed[number] = perf_counter()
    await connection.close()
    return committed


def rows_of(rate: int) -> int:
    """Rows of one transaction."""
    return max(1, round(rate * EVERY_SECONDS)) if rate else FULL_ROWS


def _turns(began: float, seconds: float) -> Iterator[int]:
    return takewhile(lambda _: perf_counter() < began + seconds, count())


async def read(client: AIOKafkaConsumer, run: bytes, came: list[tuple[int, float]]) -> None:
    """The transaction and the time of arrival of each record, until none comes any more."""
    while found := await client.getmany(timeout_ms=QUIET_MS):
        now = perf_counter()
        for records in found.values():
            keys = (record.key.split() for record in records)
            came += [(int(number), now) for own, number, _ in keys if own == run]


async def measure(dsn: str, kafka: KafkaSettings, rate: int, seconds: float, run: str) -> object:
    """Write and read; what came of it."""
    client = AIOKafkaConsumer(COUNTED.name, bootstrap_servers=kafka.bootstrap, fetch_max_wait_ms=5)
    await client.start()
    await client.seek_to_end()
    came: list[tuple[int, float]] = []
    reading = asyncio.create_task(read(client, run.encode(), came))
    committed = await write(dsn, rate, seconds, run)
    await reading
    await client.stop()
    # The first second is the relay's own start.
    first = min(committed.values()) + 1
    late = sorted(now - committed[number] for number, now in came if committed[number] >= first)
    return {
        "written": len(committed) * rows_of(rate),
        "came": len(came),
        "per_second": len(came) / (max(now for _, now in came) - min(committed.values())),
        "p50_ms": 1_000 * late[len(late) // 2],
        "p99_ms": 1_000 * late[int(len(late) * 0.99)],
    }


def main(arguments: list[str]) -> None:
    """Work, and report."""
    options = parser(__doc__, "dsn", "kafka", "run")
    options.add_argument("--rate", type=int, required=True)
    options.add_argument("--seconds", type=float, required=True)
    asked = options.parse_args(arguments)
    kafka = KafkaSettings.model_validate_json(asked.kafka)
    done = measure(asked.dsn, kafka, asked.rate, asked.seconds, asked.run)
    write_report(asked, uvloop.run(done))


if __name__ == "__main__":
    main(sys.argv[1:])
