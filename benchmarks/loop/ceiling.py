"""The database ceiling of the loop: its statements and nothing else, no Kafka, nothing decoded.

Batches made beforehand, as large and for as many group members as in the loop; as there, no two of them have a
customer in common.
"""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from time import perf_counter, process_time
from typing import NamedTuple
from uuid import UUID, uuid4

import uvloop
from pydantic import SecretStr

from benchmarks.loop import counting
from benchmarks.loop.submissions import SOURCE, SUBMITTED, customer_id
from benchmarks.report import parser, write_report
from shared.contracts.cloudevents import Incoming, encode
from shared.contracts.event import Event
from shared.contracts.external import ContactSubmitted, SubmittedPersonal
from shared.contracts.record import Origin
from shared.contracts.values import Channel
from shared.database.database import Database
from shared.kernel.clock import SystemClock
from shared.messaging.consumer.inbox import MARK
from shared.messaging.kafka import partition_of
from shared.messaging.outbox.append import APPEND, columns_of
from shared.runtime.memory import freeze_gc
from shared.settings import DatabaseSettings

NOW = SystemClock().now()
EMPTY = ContactSubmitted(
    reference="", channel=Channel.WEB, personal=SubmittedPersonal(address="", text="")
)


class Batch(NamedTuple):
    """Ids, origins (none, as in the loop) and customers of a batch, and its events by column."""

    ids: list[UUID]
    origins: list[None]
    customers: list[str]
    events: list[Sequence[object]]


def batches(events: int, size: int, members: int) -> list[list[Batch]]:
    """For each group member its batches: ids, customers, and the columns of the outbox."""
    of_member: list[list[Incoming[Event]]] = [[] for _ in range(members)]
    for number in range(events):
        customer = customer_id(number)
        member = partition_of(customer.encode(), SUBMITTED.partitions) % members
        of_member[member].append(_consumed(customer))
    return [
        [_batch(consumed[at : at + size]) for at in range(0, len(consumed), size)]
        for consumed in of_member
    ]


async def write_all(database: Database, waiting: Iterator[Batch]) -> int:
    """Write one batch after the other; how many events that was."""
    written = 0
    for batch in waiting:
        async with database.transaction() as tx:
            written += len(batch.ids) - len(await tx.fetch(MARK, batch.ids, batch.origins))
            await tx.execute(counting.COUNT, batch.customers)
            await tx.execute(APPEND, *batch.events)
    return written


async def work(dsn: str, events: int, size: int, members: int) -> dict[str, float]:
    """Events a second."""
    waiting = batches(events, size, members)
    database = await Database.open(DatabaseSettings(dsn=SecretStr(dsn)), service="bench")
    freeze_gc()
    began, before = perf_counter(), process_time()
    written = sum(await asyncio.gather(*(write_all(database, iter(each)) for each in waiting)))
    seconds, spent = perf_counter() - began, process_time() - before
    await database.close()
    return {
        "handled": written,
        "per_second": written / seconds,
        "processor_us": 1e6 * spent / written,
    }


def _consumed(customer: str) -> Incoming[Event]:
    return Incoming(
        id=uuid4(),
        type="rapport.contact.submitted.v1",
        source=SOURCE,
        subject=customer,
        time=NOW,
        data=EMPTY,
        origin=Origin(SUBMITTED.name, 0, 0),
    )


def _batch(consumed: Sequence[Incoming[Event]]) -> Batch:
    events = [outgoing for each in consumed for outgoing in counting.counted(each)]
    columns = columns_of(events, [encode(event, "rapport/bench", NOW) for event in events])
    customers = [each.subject for each in consumed]
    ids, no_origins = [each.id for each in consumed], [None] * len(consumed)
    return Batch(ids, no_origins, customers, columns)


def main(arguments: list[str]) -> None:
    """Work, and report."""
    options = parser(__doc__, "dsn")
    options.add_argument("--events", type=int, required=True)
    options.add_argument("--size", type=int, required=True)
    options.add_argument("--members", type=int, required=True)
    asked = options.parse_args(arguments)
    write_report(asked, uvloop.run(work(asked.dsn, asked.events, asked.size, asked.members)))


if __name__ == "__main__":
    main(sys.argv[1:])
