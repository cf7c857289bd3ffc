"""The consumer: reads a group's share of the log, and moves on only over what is done.

It has several members in the group: while one decodes, another commits. A member reads a batch, has the
`Processor` process it, and goes on; offsets are committed to the broker a second later at most, which is
an optimisation only: what is read twice has its marks in the inbox.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from shared.contracts.record import Record
from shared.database.database import Database
from shared.jobs.backoff import WORTH_A_BATCH, Backoff, rest
from shared.jobs.tasks import end
from shared.kernel.clock import Clock, SystemClock
from shared.kernel.errors import Failure, Overloaded, Unavailable
from shared.messaging.consumer.lag import Lag
from shared.messaging.consumer.pausing import GroupPause
from shared.messaging.consumer.processor import Processor
from shared.messaging.consumer.subscription import Handle, OnDeadLetter, Subscription
from shared.messaging.dead_letters.limit import DeadLetterLimit, Paused, TooManyDeadLetters
from shared.messaging.reader import Reader
from shared.observability import metrics
from shared.observability.outages import Trouble
from shared.settings import KafkaSettings

__all__ = ["Consumer", "Handle", "OnDeadLetter", "Subscription"]

COMMIT_EVERY_SECONDS = 1.0
FETCHED_WITHIN_SECONDS = 30.0
"""The broker answers a fetch within a second, were there nothing to read."""


class Consumer:
    """One subscription of one service at work."""

    def __init__(
        self,
        service: str,
        subscription: Subscription,
        database: Database,
        kafka: KafkaSettings,
        *,
        clock: Clock | None = None,
        limit: DeadLetterLimit | None = None,
    ) -> None:
        self._group = subscription.group(service)
        self._topics = [topic.name for topic in subscription.topics]
        self._gather_ms = subscription.gather_ms
        self._kafka = kafka
        clock = clock or SystemClock()
        self._processor = Processor(
            service, subscription, database, clock, limit or DeadLetterLimit()
        )
        self._pause = GroupPause(self._group, database, clock)
        self._lag = Lag(self._topics)
        self._readers: dict[int, Reader] = {}
        self._troubles = [
            Trouble(f"{self._group} {number}", "not in the group yet")
            for number in range(kafka.group_members)
        ]

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, finish the batch in hand, commit, leave the group.

        Where going on could do more harm than standing still, the group is paused: its members keep
        what they have in hand and process it when an operator resumes the group.
        """
        enough = asyncio.Event()
        members = [
            asyncio.create_task(self._run_member(n, enough))
            for n in range(self._kafka.group_members)
        ]
        members.append(asyncio.create_task(self._pause.watch(enough)))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([stopping, *members], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            enough.set()
            ends = await asyncio.gather(*members, return_exceptions=True)
        for failure in filter(None, ends):
            raise failure

    async def check(self) -> None:
        """Raises `Unavailable` with what keeps records from being taken, if anything does."""
        await self._pause.check()
        for trouble in self._troubles:
            await trouble.check()
        for number, reader in self._readers.items():
            if (seconds := reader.seconds_since_fetch()) > FETCHED_WITHIN_SECONDS:
                raise Unavailable(f"{self._group} {number}: nothing fetched for {seconds:.0f} s")

    async def _run_member(self, number: int, stop: asyncio.Event) -> None:
        backoff = Backoff()
        while not stop.is_set():
            try:
                async with self._joined(number) as reader:
                    await self._read(number, reader, backoff, stop)
            except Unavailable as error:
                self._troubled(number, error)
                await backoff.wait(stop)

    @asynccontextmanager
    async def _joined(self, number: int) -> AsyncIterator[Reader]:
        """A member of the group, whose offsets are committed every second and at the end."""
        gather_ms = self._gather_ms
        async with Reader(self._kafka, self._group, self._topics, number, gather_ms) as reader:
            committing = asyncio.create_task(self._commit_regularly(number, reader))
            self._readers[number] = reader
            try:
                yield reader
            finally:
                await end(committing)
                del self._readers[number]
                self._lag.left(number)

    async def _read(
        self, number: int, reader: Reader, backoff: Backoff, stop: asyncio.Event
    ) -> None:
        self._troubles[number].over()
        while not stop.is_set():
            records = await reader.poll()
            began = asyncio.get_running_loop().time()
            if records and await self._process(number, records, backoff, stop):
                reader.done(records)
                if len(records) < WORTH_A_BATCH:
                    await rest(stop, began)

    async def _process(
        self, number: int, records: Sequence[Record], backoff: Backoff, stop: asyncio.Event
    ) -> bool:
        """Until it succeeds or we are to stop: what waits here is not read further. True: done."""
        done = False
        while not done and await self._pause.over(stop):
            try:
                done = await self._process_or_pause(records)
            except (Unavailable, Overloaded) as error:
                self._troubled(number, error)
                await backoff.wait(stop)
            else:
                backoff.reset()
                self._troubles[number].over()
        return done

    async def _process_or_pause(self, records: Sequence[Record]) -> bool:
        """Whether they are done; if not, the group is paused."""
        try:
            await self._processor.process(records)
        except Paused:
            await self._pause.look()
        except TooManyDeadLetters as reached:
            await self._pause.begin(reached)
        else:
            return True
        return False

    def _troubled(self, number: int, error: Failure) -> None:
        self._troubles[number].met(error)
        metrics.consumer_retries.labels(error.kind).inc()

    async def _commit_regularly(self, number: int, reader: Reader) -> None:
        while True:
            await asyncio.sleep(COMMIT_EVERY_SECONDS)
            with suppress(Unavailable):
                await reader.commit()
                self._lag.measured(number, await reader.lag())
