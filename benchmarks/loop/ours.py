"""Our loop as a worker runs it: the real consumer and relay around one handler, until all is published."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter, process_time

from pydantic import SecretStr

from benchmarks.loop.workloads import WORKLOADS
from benchmarks.report import parser, write_report
from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event
from shared.database.database import Database, Tx
from shared.messaging.consumer.consumer import Consumer
from shared.messaging.consumer.subscription import Handle, Subscription
from shared.messaging.outbox.relay import Relay
from shared.observability import logging
from shared.runtime.memory import freeze_gc
from shared.settings import DatabaseSettings, KafkaSettings, TelemetrySettings

LOOK_SECONDS = 0.01
# The marks show what is committed: a handler that has returned may still wait for its commit.
ALL_PUBLISHED = """
select (select count(*) from inbox) >= $1 and not exists (
  select from outbox, relay_cursor as here
  where (outbox.xid, outbox.position) > (here.xid, here.position)
)
"""


@dataclass
class Progress:
    """How many events were handled, and when the first tenth was."""

    expected: int
    handled: int = 0
    marked: int = 0
    began: float = 0.0
    last: float = 0.0

    def watching(self, subscription: Subscription) -> Subscription:
        """The same subscription, its handler counted."""
        return replace(subscription, handle=self._counted(subscription.handle))

    def _counted(self, handle: Handle) -> Handle:
        async def counted(tx: Tx, consumed: Sequence[Incoming[Event]]) -> Sequence[Outgoing]:
            events = await handle(tx, consumed)
            self.handled += len(consumed)
            self.last = perf_counter()
            if not self.began and self.handled >= self.expected / 10:
                self.began, self.marked = self.last, self.handled
            return events

        return counted


async def work(
    dsn: str, kafka: KafkaSettings, workload: str, label: str, *, expected: int, limit: float
) -> dict[str, float]:
    """Run the loop until `expected` events are handled and everything is published."""
    database = await Database.open(DatabaseSettings(dsn=SecretStr(dsn)), service=label)
    progress, stop = Progress(expected), asyncio.Event()
    subscription = progress.watching(WORKLOADS[workload].subscription())
    await _prepare(database, workload)
    consumer = Consumer(label, subscription, database, kafka)
    relay = Relay(database, kafka)
    freeze_gc()
    before = process_time()
    parts = [asyncio.create_task(part.run(stop)) for part in (consumer, relay)]
    try:
        ended = await _finished(database, progress, limit)
        spent = process_time() - before
    finally:
        stop.set()
        await asyncio.gather(*parts)
        await database.close()
    seconds = ended - progress.began
    events = progress.handled - progress.marked
    return {
        "handled": progress.handled,
        "per_second": events / seconds if events else 0.0,
        "processor_us": 1e6 * spent / max(progress.handled, 1),
    }


async def _finished(database: Database, progress: Progress, limit: float) -> float:
    until = perf_counter() + limit
    finished = False
    while not finished and perf_counter() < until:
        await asyncio.sleep(LOOK_SECONDS)
        finished = progress.handled >= progress.expected and await _all_published(
            database, progress
        )
    return perf_counter()


async def _prepare(database: Database, workload: str) -> None:
    prepare = WORKLOADS[workload].prepare
    if prepare is not None:
        async with database.transaction() as tx:
            await prepare(tx)


async def _all_published(database: Database, progress: Progress) -> bool:
    async with database.connection() as connection:
        return bool(await connection.fetchval(ALL_PUBLISHED, progress.expected))


def main(arguments: list[str]) -> None:
    """Work, and report."""
    options = parser(__doc__, "dsn", "kafka", "label")
    options.add_argument("--workload", required=True, choices=WORKLOADS)
    options.add_argument("--expected", type=int, required=True)
    options.add_argument("--limit", type=float, default=60.0)
    asked = options.parse_args(arguments)
    logging.configure(TelemetrySettings(), service=asked.label, role="bench", out=sys.stdout)
    kafka = KafkaSettings.model_validate_json(asked.kafka)
    bounds = {"expected": asked.expected, "limit": asked.limit}
    done = work(asked.dsn, kafka, asked.workload, asked.label, **bounds)
    write_report(asked, asyncio.run(done))


if __name__ == "__main__":
    main(sys.argv[1:])
