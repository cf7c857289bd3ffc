"""The relay's cursor and a feed, against every order in which transactions can begin, append and commit."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import NamedTuple
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.contracts.cloudevents import Outgoing
from shared.database.database import Database
from shared.jobs.lease import Lease
from shared.messaging.outbox.append import append
from shared.messaging.outbox.cursor import OutboxCursor
from shared.messaging.outbox.feed import Feed, begin_feed
from shared.messaging.outbox.publishing import Published
from tests.support.database import Databases, open_at
from tests.support.kafka import SOURCE, confirmed


class Writer(NamedTuple):
    """A transaction: whether it writes before it appends, of which aggregates, and how it ends."""

    early: bool
    about: tuple[int, ...]
    commits: bool


WRITERS = st.lists(
    st.builds(
        Writer,
        early=st.booleans(),
        about=st.lists(st.integers(0, 2), min_size=1, max_size=3).map(tuple),
        commits=st.sampled_from([True, True, True, False]),
    ),
    min_size=2,
    max_size=5,
)
READ = -1
STEPS = st.lists(st.integers(READ, 4), min_size=6, max_size=40)


@pytest.fixture(scope="module")
def dsn(databases: Databases) -> str:
    return asyncio.run(databases.fresh("messaging"))


class Watch:
    """What the relay would publish, in its order, and what a feed names meanwhile."""

    def __init__(self, cursor: OutboxCursor, feed: Feed, contacts: Sequence[UUID]) -> None:
        self._cursor, self._contacts = cursor, {str(contact).encode() for contact in contacts}
        self._feed, self._stop = feed, asyncio.Event()
        self.read: dict[bytes, list[int]] = defaultdict(list)
        self.changed: Counter[str] = Counter()

    async def look(self) -> None:
        rows = await self._cursor.read(self._stop)
        for row in rows:
            if row["key"] in self._contacts:
                self.read[row["key"]].append(json.loads(row["value"])["seq"])
        if rows:
            await self._cursor.advance(rows[-1], Published([], {}))
        while changed := await self._feed.read(max_rows=1):
            self.changed.update(each.subject for each in changed)


async def act(
    database: Database, writer: Writer, contacts: Sequence[UUID], turn: asyncio.Queue[None]
) -> None:
    """Each step waits for its turn; a step may block on another writer's lock for a while."""
    async with AsyncExitStack() as stack:
        await turn.get()
        connection = await stack.enter_async_context(database.connection())
        transaction = connection.transaction()
        await transaction.start()
        if writer.early:
            await connection.execute("insert into inbox (event_id) values ($1)", uuid4())
        await turn.get()
        await append(connection, SOURCE, [Outgoing(confirmed(contacts[n])) for n in writer.about])
        await turn.get()
        await (transaction.commit() if writer.commits else transaction.rollback())


async def play(dsn: str, writers: Sequence[Writer], steps: Sequence[int]) -> None:
    database = await open_at(dsn, pool_max=len(writers) + 3)
    contacts = [uuid4() for _ in range(3)]
    turns: list[asyncio.Queue[None]] = [asyncio.Queue() for _ in writers]
    async with database.connection() as leader:
        lease = Lease(database, "relay")
        assert await lease.take()
        cursor = OutboxCursor(leader, database, lease)
        await cursor.begin()
        watch = Watch(cursor, await begin_feed(database), contacts)
        async with asyncio.TaskGroup() as group:
            for writer, turn in zip(writers, turns, strict=True):
                group.create_task(act(database, writer, contacts, turn))
            for step in steps:
                if step == READ:
                    await watch.look()
                elif step < len(turns):
                    turns[step].put_nowait(None)
                    await asyncio.sleep(0.002)
            for turn in turns:
                for _ in range(3):
                    turn.put_nowait(None)
        await watch.look()
        await lease.give_back()
    await database.close()
    appended = [n for writer in writers if writer.commits for n in writer.about]
    for n, contact in enumerate(contacts):
        assert watch.read[str(contact).encode()] == list(range(1, appended.count(n) + 1))
        assert watch.changed[str(contact)] == appended.count(n)


LATE = [Writer(True, (0,), True), Writer(False, (0,), True), Writer(True, (1,), True)]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(writers=WRITERS, steps=STEPS)
@example(writers=LATE, steps=[0, 2, 1, 1, 1, 0, 0, READ, 2, 2, READ])
def test_nothing_is_skipped_and_every_aggregate_stays_in_order(
    dsn: str, writers: list[Writer], steps: list[int]
) -> None:
    asyncio.run(play(dsn, writers, steps))
