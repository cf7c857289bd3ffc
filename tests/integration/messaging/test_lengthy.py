"""Statements that the database cancels for their length: less at once, and no outage of all."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import pytest

from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event
from shared.database.database import Database, Tx
from shared.kernel.clock import SystemClock
from shared.kernel.errors import Cancelled, Unavailable
from shared.messaging.consumer.processor import Processor
from shared.messaging.dead_letters.limit import DeadLetterLimit
from tests.conftest import MakeDsn
from tests.support.database import open_at
from tests.support.kafka import Place, confirmed, message
from tests.support.recording import RecordingHandler
from tests.support.records import FakeRecord, record

Slow = Callable[[Sequence[UUID]], bool]
CANCEL = "set local statement_timeout = 20; select pg_sleep(5)"


class SlowHandler(RecordingHandler):
    """The database cancels a statement of a set that is slow."""

    def __init__(self, database: Database, is_slow: Slow) -> None:
        super().__init__(database)
        self._is_slow = is_slow

    async def handle(self, tx: Tx, events: Sequence[Incoming[Event]]) -> list[Outgoing]:
        outgoing = await super().handle(tx, events)
        if self._is_slow([event.id for event in events]):
            await tx.execute(CANCEL)
        return outgoing


def processor(place: Place, handler: RecordingHandler, database: Database) -> Processor:
    subscription = handler.subscription(place)
    return Processor(place.service, subscription, database, SystemClock(), DeadLetterLimit())


def some(count: int) -> tuple[list[UUID], list[FakeRecord]]:
    sent = [Outgoing(confirmed()) for _ in range(count)]
    return [each.id for each in sent], [
        record(message(each), offset) for offset, each in enumerate(sent)
    ]


async def test_a_batch_that_takes_too_long_is_halved_until_it_does_not(
    place: Place, database: Database
) -> None:
    ids, records = some(40)
    async with SlowHandler(database, lambda events: len(events) > 10) as handler:
        await processor(place, handler, database).process(records)
        assert await handler.consumed() == ids
    assert handler.batches == [40, 20, 10, 10, 20, 10, 10]
    assert handler.letters == []


@pytest.mark.parametrize("place_of_it", [0, 3, 7])
async def test_one_that_takes_too_long_alone_becomes_a_dead_letter_where_others_commit(
    place: Place, database: Database, place_of_it: int
) -> None:
    ids, records = some(8)
    slow = ids.pop(place_of_it)
    async with SlowHandler(database, lambda events: slow in events) as handler:
        await processor(place, handler, database).process(records)
        assert await handler.consumed() == ids
    [letter] = handler.letters
    assert (letter.reason, letter.origin.offset) == ("cancelled", place_of_it)


async def test_where_nothing_commits_it_is_an_outage_and_nothing_is_put_aside(
    place: Place, database: Database
) -> None:
    ids, records = some(8)
    async with SlowHandler(database, lambda _: True) as handler:
        processing = processor(place, handler, database)
        with pytest.raises(Unavailable):
            await processing.process(records)
        assert await handler.consumed() == handler.letters == []
        assert handler.batches.count(1) < 10, "it tries all of them before it waits"
        handler._is_slow = lambda _: False
        await processing.process(records)
        assert await handler.consumed() == ids


async def test_one_that_is_alone_waits_until_another_of_the_subscription_commits(
    place: Place, database: Database
) -> None:
    [slow], lonely = some(1)
    [other], others = some(1)
    commits: list[Callable[[], Awaitable[None]]] = []

    async with SlowHandler(database, lambda events: slow in events) as handler:
        processing = processor(place, handler, database)
        with pytest.raises(Cancelled):
            await processing.process(lonely)
        assert handler.letters == []

        async def meanwhile(events: Sequence[Incoming[Event]]) -> None:
            if commits:
                await commits.pop()()

        handler._doubt = meanwhile
        commits.append(lambda: processing.process([*map(moved, others)]))
        await processing.process(lonely)
        assert await handler.consumed() == [other]
    assert [letter.reason for letter in handler.letters] == ["cancelled"]


def moved(record: FakeRecord) -> FakeRecord:
    return FakeRecord(record.value, record.headers, record.key, offset=99)


@pytest.mark.parametrize("code", ["53100", "40P01", "55P03", "57P01"])
async def test_other_outages_are_waited_out_whole(
    place: Place, database: Database, code: str
) -> None:
    _, records = some(4)

    class Failing(RecordingHandler):
        async def handle(self, tx: Tx, events: Sequence[Incoming[Event]]) -> list[Outgoing]:
            self.batches.append(len(events))
            await tx.execute(f"do $$ begin raise exception using errcode = '{code}'; end $$")
            return []

    async with Failing(database) as handler:
        with pytest.raises(Unavailable):
            await processor(place, handler, database).process(records)
    assert handler.batches == [4]


async def test_a_statement_that_waits_too_long_for_a_lock_is_cancelled_as_well(
    place: Place, postgres_dsn: MakeDsn
) -> None:
    database = await open_at(await postgres_dsn("messaging"), statement_timeout_ms=100)
    try:
        async with database.transaction() as tx:
            await tx.execute("lock table inbox")
            with pytest.raises(Cancelled):
                await database_of(database)
    finally:
        await database.close()


async def database_of(database: Database) -> None:
    async with database.transaction() as other:
        await other.execute("select from inbox")
