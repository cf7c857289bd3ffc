"""A member of a consumer group: what it is handed, what of it is done, and how far it is behind."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from time import monotonic, time

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor

from shared.contracts.record import Record
from shared.kernel.errors import Unavailable
from shared.messaging.garbled import read_garbled
from shared.messaging.kafka import COMMIT_SECONDS, READING
from shared.messaging.kafka_client import close_client, reaching_broker, start_client
from shared.messaging.kafka_options import Password, consuming
from shared.messaging.positions import Positions
from shared.observability import metrics
from shared.observability.logging import get_logger
from shared.settings import KafkaSettings

# Not the sticky assignor: it keeps what was assigned last in its class, for all groups together.
DEALING = {"partition_assignment_strategy": (RoundRobinPartitionAssignor,)}

log = get_logger(__name__)


class Reader(ConsumerRebalanceListener):  # type: ignore[misc]  # the library has no types
    """One member of a consumer group; the client tells it before partitions move."""

    def __init__(
        self,
        settings: KafkaSettings,
        group: str,
        topics: Iterable[str],
        member: int = 0,
        gather_ms: int = 0,
    ) -> None:
        self._most = settings.max_records
        self._settings, self._password = settings, Password(settings)
        own = consuming(settings, group, member, gather_ms)
        self._client = AIOKafkaConsumer(**own, **DEALING, **READING)
        self._client.subscribe(list(topics), listener=self)
        self._idle = asyncio.Event()
        self._idle.set()
        self._positions = Positions[TopicPartition]()
        self._rebalances = metrics.consumer_rebalances.labels(group)
        self._assigned = metrics.consumer_partitions.labels(group, str(member))
        self._assigned_at = monotonic()

    async def __aenter__(self) -> "Reader":
        await start_client(self._client, self._settings)
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._commit_if_possible()
        finally:
            self._assigned.set(0)
            await close_client(self._client)

    async def poll(self) -> list[Record]:
        """What there is, in partition order; nothing after a tenth of a second. Raises `Unavailable`.

        Whoever asks has finished what was read before. A record that the client cannot decode is an
        `UnreadableRecord` in its place.
        """
        self._idle.set()
        self._password.check()
        async with reaching_broker():
            try:
                found = await self._client.getmany(timeout_ms=100, max_records=self._most)
            except UnicodeDecodeError:
                self._idle.clear()
                await self.commit()
                found = await read_garbled(self._client, self._most)
            except Exception:
                self._idle.clear()  # what the client read before it failed is in nobody's hand
                raise
        if not found and self._client._fetcher.error_future.done():  # noqa: SLF001 - nobody else tells
            raise Unavailable("broker: the client has ceased to fetch")
        if found:
            self._idle.clear()
        self._positions.hand_out(found)
        return [record for records in found.values() for record in records]

    def done(self, records: Sequence[Record]) -> None:
        """These are dealt with: their offsets may be committed."""
        ends = {(record.topic, record.partition): record.offset + 1 for record in records}
        self._positions.done |= {TopicPartition(*place): end for place, end in ends.items()}
        self._idle.set()

    async def on_partitions_revoked(self, _: object) -> None:
        """Who gets them begins behind the batch in hand: the group waits for it, but not for ever."""
        with suppress(TimeoutError):
            async with asyncio.timeout(COMMIT_SECONDS):
                await self._idle.wait()
        await self._commit_if_possible()

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Reading begins at what was committed."""
        self._rebalances.inc()
        self._assigned.set(len(assigned))
        self._assigned_at = monotonic()

    def seconds_since_fetch(self) -> float:
        """Since the broker last answered for that of the member's partitions that has waited longest.

        0 where it has none. While a batch is in hand, what is read already keeps the client from fetching.
        """
        since = monotonic() - self._assigned_at
        times = [self._client.last_poll_timestamp(place) for place in self._client.assignment()]
        return max((time() - at / 1000 if at else since for at in times), default=0.0)

    async def _commit_if_possible(self) -> None:
        """An optimisation: what is read again has its marks in the inbox."""
        try:
            await self.commit()
        except Unavailable as error:
            log.info("some records will be read again", reason=error.detail)

    async def commit(self) -> None:
        """Commit how far we are. Raises `Unavailable`."""
        if offsets := self._positions.ahead(self._client.assignment()):
            async with reaching_broker(COMMIT_SECONDS):
                await self._client.commit(offsets)
            self._positions.committed.update(offsets)

    async def lag(self) -> dict[str, int]:
        """Records that wait for this member, by topic, as the broker knows now. Raises `Unavailable`.

        What was read and is not done waits, too.
        """
        mine = self._client.assignment()
        self._positions.forget_all_but(mine)
        waiting = {partition.topic: 0 for partition in mine}
        async with reaching_broker(COMMIT_SECONDS):
            for place, end in (await self._client.end_offsets(mine)).items():
                waiting[place.topic] += max(0, end - await self._done_until(place))
        return waiting

    async def _done_until(self, place: TopicPartition) -> int:
        """While nothing is in hand the client knows: it skips by itself what transactions leave."""
        position: int = await self._client.position(place)
        if self._idle.is_set():
            self._positions.done[place] = position
        return self._positions.done.get(place, self._positions.begun.get(place, position))
