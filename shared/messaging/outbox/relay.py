"""The relay: committed outbox rows to Kafka, in order, by exactly one process at a time.

The path of a row: `OutboxCursor.read` (what is safely committed behind the cursor), `publish_batch` (to its partition),
`OutboxCursor.advance` (the cursor moves, and where each row went is written down). The next rows are read
while the broker takes the last. After any failure the relay begins again at the cursor: a row may
be published twice, but never out of order and never not at all.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from typing import Any, TypeVar

from opentelemetry.trace import SpanKind

from shared.database.database import Database
from shared.jobs.backoff import WORTH_A_BATCH, Backoff, pause, rest
from shared.jobs.lease import Lease, LeaseLost
from shared.kernel.errors import Unavailable
from shared.messaging.kafka import Producer, read_between
from shared.messaging.kafka_client import TopicRefused
from shared.messaging.outbox.cluster import own_cluster
from shared.messaging.outbox.cursor import OutboxCursor, Row
from shared.messaging.outbox.foreign import Foreign, Gap
from shared.messaging.outbox.held_topics import HeldTopics
from shared.messaging.outbox.publishing import publish_batch, traced_of
from shared.messaging.outbox.restate import restate
from shared.observability import metrics, span_names, tracing
from shared.observability.outages import Trouble
from shared.settings import KafkaSettings

BUSY_SECONDS, IDLE_SECONDS, STANDBY_SECONDS = 0.005, 0.05, 1.0
LEASE = "relay"

A = TypeVar("A")
B = TypeVar("B")


class Relay:
    """One service's relay. Any number may run; one works, the others stand by."""

    def __init__(self, database: Database, kafka: KafkaSettings) -> None:
        self._database = database
        self._lease = Lease(database, LEASE)
        self._kafka = kafka
        self._held = HeldTopics(database, kafka, self._lease)
        self._foreign = Foreign()
        self._trouble = Trouble("relay", "not at work yet")
        self._publishing_since: float | None = None
        self._sending: Sequence[Row] = ()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, and then finish what is on its way."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                await self._lead(stop, backoff)
            except LeaseLost as error:
                self._trouble.met(error)
                await self._amend(stop, backoff)
            except TopicRefused as error:
                self._trouble.met(error)
            except Unavailable as error:
                self._trouble.met(error)
                await backoff.wait(stop)

    async def _amend(self, stop: asyncio.Event, backoff: Backoff) -> None:
        """What was on its way when the lease ended may stand behind what the next holder published."""
        while self._sending and not stop.is_set():
            try:
                await restate(self._database, [(row["topic"], row["key"]) for row in self._sending])
                self._sending = ()
            except Unavailable as error:
                self._trouble.met(error)
                await backoff.wait(stop)

    async def check(self) -> None:
        """Raises `Unavailable` with what keeps events from being published, if anything does."""
        since = self._publishing_since
        if since is not None and _now() - since > self._kafka.request_timeout_ms / 1000:
            raise Unavailable("the broker takes nothing")
        await self._trouble.check()
        self._held.check()

    async def _lead(self, stop: asyncio.Event, backoff: Backoff) -> None:
        """Lead for as long as the lease is ours; stand by while it is another's."""
        if not await self._lease.take():
            self._held.forget()
            self._trouble.over()
            await pause(stop, STANDBY_SECONDS)
            return
        async with (
            self._lease.kept(),
            own_cluster(self._database),
            _leading(),
            self._held.catching_up(),
            Producer(self._kafka) as producer,
            self._database.connection() as connection,
        ):
            cursor = OutboxCursor(connection, self._database, self._lease)
            await cursor.begin()
            await self._foreign.load(connection)
            self._trouble.over()
            await self._work(cursor, producer, stop, backoff)

    async def _work(
        self, cursor: OutboxCursor, producer: Producer, stop: asyncio.Event, backoff: Backoff
    ) -> None:
        while not stop.is_set():
            rows = await self._wait_for_rows(cursor, stop)
            await self._held.rejoin(producer)
            while rows:
                rows = await self._publish_and_read(rows, cursor, producer, stop)
                backoff.reset()

    async def _publish_and_read(
        self, rows: Sequence[Row], cursor: OutboxCursor, producer: Producer, stop: asyncio.Event
    ) -> list[Row]:
        """Publish them, and meanwhile read the next. Where few come, rest, so that more go together."""
        began = _now()
        found, _ = await _both(
            cursor.read_after(rows[-1], stop), self._publish(rows, cursor, producer)
        )
        if max(len(rows), len(found)) < WORTH_A_BATCH:
            await rest(stop, began)
        return found

    async def _wait_for_rows(self, cursor: OutboxCursor, stop: asyncio.Event) -> list[Row]:
        """Look often at first, then less so; once it is quiet, a commit of this process is seen at once.

        While it is busy no commit cuts the wait short: what comes within a few milliseconds is published
        together, or every reader would pay a transaction for each commit of ours.
        """
        wait, committed = BUSY_SECONDS, self._database.committed
        while True:
            committed.clear()  # before looking: a commit after it calls for another look
            rows = await cursor.read(stop)
            if rows or stop.is_set() or self._held.caught_up():
                return rows
            await pause(committed if wait >= IDLE_SECONDS else stop, wait)
            wait = min(wait * 1.5, IDLE_SECONDS)

    async def _publish(self, rows: Sequence[Row], cursor: OutboxCursor, producer: Producer) -> None:
        self._lease.check()
        self._sending = rows
        with metrics.relay_batch_seconds.time(), self._publishing(), _traced(rows):
            published = await publish_batch(producer, self._held.pass_over(rows))
            for gap in self._foreign.gaps(published.batches):
                await self._restate_foreign(gap)
            await cursor.advance(rows[-1], published)
        self._sending = ()
        metrics.relay_batch_records.observe(len(rows))
        if published.refused:  # a new producer goes on without them
            topic, reason = next(iter(published.refused.items()))
            raise TopicRefused(f"{topic}: {reason}")

    async def _restate_foreign(self, gap: Gap) -> None:
        """Before the cursor moves: whoever begins again at it finds the gap again."""
        records = await read_between(self._kafka, *gap)
        await restate(self._database, [(gap.topic, record.key) for record in records])

    @contextmanager
    def _publishing(self) -> Iterator[None]:
        self._publishing_since = _now()
        try:
            yield
        finally:
            self._publishing_since = None


@asynccontextmanager
async def _leading() -> AsyncIterator[None]:
    metrics.relay_leading.set(1)
    try:
        yield
    finally:
        metrics.relay_leading.set(0)


def _traced(rows: Sequence[Row]) -> AbstractContextManager[object]:
    """A span for the round and each traced row of it, if there is a collector."""
    traced = traced_of(rows) if tracing.exporting() else []
    return tracing.batch_spans(
        span_names.RELAY,
        span_names.PUBLISH,
        [each.trace for each in traced],
        kind=SpanKind.PRODUCER,
        about=lambda place: {"topic": traced[place].topic, "type": traced[place].type},
        count=len(rows),
    )


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _both(first: Coroutine[Any, Any, A], second: Coroutine[Any, Any, B]) -> tuple[A, B]:
    """Both at once and both to their end, so that nothing is still on its way after a failure."""
    a, b = await asyncio.gather(first, second, return_exceptions=True)
    if isinstance(a, BaseException):
        raise a
    if isinstance(b, BaseException):
        raise b
    return a, b
