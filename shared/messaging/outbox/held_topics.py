"""Topics that take nothing: each waits behind a cursor of its own, and all others go on in order.

A topic that is missing, forbidden or without enough replicas is held from the first row that it refused.
It is tried again by and by, from its own cursor up to the relay's; when nothing is left between the two,
it joins the others. An operator may park a topic: then nobody tries, and nothing of it is lost.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from shared.database.database import Database
from shared.jobs.backoff import Backoff
from shared.jobs.lease import Lease, LeaseLost
from shared.jobs.tasks import end
from shared.kernel.errors import Unavailable
from shared.messaging.kafka import Producer
from shared.messaging.kafka_client import TopicRefused
from shared.messaging.outbox.fenced import FENCED, fenced
from shared.messaging.outbox.publishing import Published, publish_batch
from shared.observability.logging import get_logger
from shared.settings import KafkaSettings

LOOK_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
STEP = 2_000
"""Rows of any topic that are passed at once, so that none of the statements is long."""

LOAD = "select topic, xid, position, reason, parked from held_topic order by topic"
READ = """
select xid, position, topic, key, type, traceparent, headers, value from (
  select outbox.xid, outbox.position, topic, key, type, traceparent, headers,
    case when topic = $1 then value end as value
  from outbox, relay_cursor as here
  where here.id = 1 and (outbox.xid, outbox.position) > ($2, $3)
    and (outbox.xid, outbox.position) <= (here.xid, here.position)
  order by outbox.xid, outbox.position limit $4
) as passed order by xid, position
"""
MOVE = f"""{FENCED}, moved as (
  update held_topic set xid = $10, position = $11
  where topic = $9 and exists (select from fence)
)
select count(*) from fence
"""  # noqa: S608 - it is ours
REJOIN = f"""{FENCED}, rejoined as (
  delete from held_topic where topic = $9 and not parked and exists (select from fence)
)
select count(*) from fence
"""  # noqa: S608 - it is ours

log = get_logger(__name__)


@dataclass(slots=True)
class _Held:
    """One of them; `caught_up`: so little is left that the relay itself may publish it."""

    topic: str
    xid: int
    position: int
    reason: str
    parked: bool
    caught_up: bool = False
    due: float = 0.0
    backoff: Backoff = field(default_factory=lambda: Backoff(1.0, LONGEST_WAIT_SECONDS))


class HeldTopics:
    """Those of one service, as the leading relay knows them."""

    def __init__(self, database: Database, kafka: KafkaSettings, lease: Lease) -> None:
        self._database, self._kafka, self._lease = database, kafka, lease
        self._held: dict[str, _Held] = {}
        self._trying: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()

    def check(self) -> None:
        """Raises `Unavailable` if a topic takes nothing. A parked one is somebody's decision."""
        for held in self._held.values():
            if not held.parked:
                raise Unavailable(f"{held.topic}: {held.reason}")

    def forget(self) -> None:
        """Another leads."""
        self._held.clear()

    def pass_over(self, rows: Sequence[Any]) -> Sequence[Any]:
        """What of these rows is to be published now."""
        return [row for row in rows if row["topic"] not in self._held] if self._held else rows

    def caught_up(self) -> bool:
        """Whether one waits to be joined. Raises what ended the trying, if anything did: it may not end in silence."""
        if self._trying is not None and self._trying.done():
            self._trying.result()
        return any(held.caught_up for held in self._held.values())

    async def load(self) -> None:
        """Which there are, as decided here before, by an earlier leader, or by an operator."""
        async with self._changing, self._database.connection() as connection:
            rows = await connection.fetch(LOAD)
            known, self._held = self._held, {}
            for row in rows:
                held = known.get(row["topic"]) or _Held(**row)
                held.parked = row["parked"]
                self._held[held.topic] = held

    @asynccontextmanager
    async def catching_up(self) -> AsyncIterator[None]:
        """Try them again by and by while the block runs."""
        await self.load()
        for held in self._held.values():
            log.warning("a topic waits, the others go on", topic=held.topic, reason=held.reason)
        self._trying = asyncio.create_task(self._try_regularly())
        try:
            yield
        finally:
            await end(self._trying)
            self._trying = None

    async def rejoin(self, producer: Producer) -> None:
        """Publish what is left of those that have caught up: from here on they go with all others.

        Only while the relay publishes nothing else, since then its cursor stands. Raises as `publish_batch`.
        """
        if not self.caught_up():
            return
        async with self._changing:  # a load that began before would bring it back
            for held in [each for each in self._held.values() if each.caught_up]:
                while await self._step(held, producer):
                    continue
                await self._fenced(REJOIN, [], held.topic)
                del self._held[held.topic]
                log.info("a topic goes on with the others", topic=held.topic)

    async def _try_regularly(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.load()
                for held in [*self._held.values()]:
                    if not (held.parked or held.caught_up) and held.due <= _now():
                        await self._catch_up(held)
            except Unavailable as error:
                log.info("held topics wait for something else", reason=error.detail)

    async def _catch_up(self, held: _Held) -> None:
        """With a producer of its own: what refuses leaves one behind that cannot be used again."""
        held.due = _now() + held.backoff.next()
        try:
            async with Producer(self._kafka) as producer:
                await producer.partitions(held.topic)
                while await self._step(held, producer):
                    continue
        except TopicRefused as error:
            held.reason = error.detail
        else:
            held.caught_up = True

    async def _step(self, held: _Held, producer: Producer) -> bool:
        """Whether there was anything between its cursor and the relay's. Raises `TopicRefused`."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(READ, held.topic, held.xid, held.position, STEP)
        if not rows:
            return False
        ours = [row for row in rows if row["topic"] == held.topic]
        self._lease.check()
        published = await publish_batch(producer, ours) if ours else Published([], {})
        if published.refused:
            raise TopicRefused(published.refused[held.topic])
        last = rows[-1]["xid"], rows[-1]["position"]
        await self._fenced(MOVE, published.batches, held.topic, *last)
        held.xid, held.position = last
        return True

    async def _fenced(self, statement: str, batches: Sequence[Any], *values: object) -> None:
        async with self._database.connection() as connection:
            if not await connection.fetchval(statement, *fenced(self._lease, batches), *values):
                raise LeaseLost("lease: another publishes")


def _now() -> float:
    return asyncio.get_running_loop().time()
