"""The same key gives the same answer once, under any number of twins, on a real database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from shared.database.base import new_metadata
from shared.database.database import Database
from shared.http.idempotency import (
    REPLAYED,
    RESPONSES,
    Ask,
    fingerprint_of,
    once,
    recall,
    remember,
    valid_key,
)
from shared.http.response import HttpResponse, json_response
from shared.http.tables import make_idempotency_table
from shared.jobs.retention import delete_expired, oldest
from shared.kernel.errors import Conflict, Failure, Invalid
from tests.support.clock import FakeClock
from tests.support.database import open_at

BODY = fingerprint_of(b"a body")
MakeDsn = Callable[[str], Awaitable[str]]


def ask(key: str = "k", body: bytes = BODY, caller: str = "me", route: str = "POST /x") -> Ask:
    return Ask(caller, route, key, body)


class Work:
    """What a request does: counts itself in a table, in the request's own transaction."""

    def __init__(self, database: Database, clock: FakeClock) -> None:
        self._database, self._clock = database, clock
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def done(self, what: Ask) -> HttpResponse:
        async with self._database.transaction() as tx:

            async def make() -> HttpResponse:
                number = await tx.fetchval("insert into works default values returning number")
                self.begun.set()
                await self.go_on.wait()
                return json_response(202, {"number": number}, ((b"location", b"/x/1"),))

            return await once(tx, what, make, self._clock.now())

    async def count(self) -> int:
        async with self._database.connection() as connection:
            found: int = await connection.fetchval("select count(*) from works")
            return found


@pytest.fixture
async def database(postgres_dsn: MakeDsn) -> AsyncIterator[Database]:
    dsn = await postgres_dsn("messaging")
    metadata = new_metadata()
    make_idempotency_table(metadata)
    engine = create_async_engine(make_url(dsn).set(drivername="postgresql+asyncpg"))
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        await connection.execute(text("create table works (number serial)"))
    await engine.dispose()
    database = await open_at(dsn)
    yield database
    await database.close()


@pytest.fixture
def work(database: Database, clock: FakeClock) -> Work:
    return Work(database, clock)


async def test_the_same_request_gets_the_same_answer_marked_as_replayed(work: Work) -> None:
    first = await work.done(ask())
    second = await work.done(ask())
    assert second == first.with_header(*REPLAYED)
    assert await work.count() == 1


async def test_another_body_under_the_same_key_is_invalid(work: Work) -> None:
    await work.done(ask())
    with pytest.raises(Invalid):
        await work.done(ask(body=fingerprint_of(b"another")))
    assert await work.count() == 1


async def test_callers_routes_and_keys_do_not_meet(work: Work) -> None:
    for other in (ask(), ask(caller="you"), ask(route="POST /y"), ask(key="l")):
        await work.done(other)
    assert await work.count() == 4


async def test_a_running_twin_is_a_conflict_and_nobody_waits(work: Work) -> None:
    work.go_on.clear()
    running = asyncio.create_task(work.done(ask()))
    await work.begun.wait()
    async with asyncio.timeout(2):
        with pytest.raises(Conflict):
            await work.done(ask())
    work.go_on.set()
    assert (await running).status == 202
    assert REPLAYED in (await work.done(ask())).headers


async def test_of_fifty_at_once_one_is_done_and_none_gets_another_answer(work: Work) -> None:
    results = await asyncio.gather(*(work.done(ask()) for _ in range(50)), return_exceptions=True)
    answers = [result for result in results if isinstance(result, HttpResponse)]
    conflicts = [result for result in results if isinstance(result, Conflict)]
    assert len(answers) + len(conflicts) == 50
    assert {answer.body for answer in answers} == {b'{"number":1}'}
    assert sum(REPLAYED not in answer.headers for answer in answers) == 1
    assert await work.count() == 1


async def test_what_fails_is_not_kept(work: Work, database: Database, clock: FakeClock) -> None:
    async def refuse() -> HttpResponse:
        raise Invalid("no")

    with pytest.raises(Invalid, match="no"):
        async with database.transaction() as tx:
            await once(tx, ask(), refuse, clock.now())
    assert REPLAYED not in (await work.done(ask())).headers


async def test_a_key_is_free_again_after_a_day(work: Work, clock: FakeClock) -> None:
    await work.done(ask())
    clock.advance(timedelta(hours=24).total_seconds() - 1)
    assert REPLAYED in (await work.done(ask())).headers
    clock.advance(1)
    assert REPLAYED not in (await work.done(ask(body=fingerprint_of(b"new")))).headers
    assert REPLAYED in (await work.done(ask(body=fingerprint_of(b"new")))).headers


async def test_what_is_too_old_is_deleted_and_the_young_is_kept(
    work: Work, database: Database, clock: FakeClock
) -> None:
    kept = {"idempotency_keys": RESPONSES}
    await work.done(ask("old"))
    clock.advance(timedelta(hours=24).total_seconds())
    assert await oldest(database, clock.now(), kept) == {"idempotency_keys": 86_400}
    await work.done(ask("young"))
    await delete_expired(database, clock.now(), kept)
    assert await oldest(database, clock.now(), kept) == {"idempotency_keys": 0}
    assert REPLAYED in (await work.done(ask("young"))).headers


async def test_a_batch_is_recalled_item_by_item(
    work: Work, database: Database, clock: FakeClock
) -> None:
    await work.done(ask("known"))
    batch = [ask("new"), ask("known"), ask("known", fingerprint_of(b"x")), ask("new")]
    async with database.transaction() as tx:
        found = await recall(tx, batch, clock.now())
        await remember(tx, [(batch[0], HttpResponse(202))], clock.now())
    assert found[0] is None
    assert isinstance(found[1], HttpResponse)
    kinds = [type(item) for item in found[2:] if isinstance(item, Failure)]
    assert kinds == [Invalid, Conflict]
    assert (await work.done(ask("new"))) == HttpResponse(202).with_header(*REPLAYED)


@pytest.mark.parametrize("key", ["", "x" * 256, "ключ", "a\nb", "a\x00b"])
def test_a_key_that_is_no_key_is_invalid(key: str) -> None:
    with pytest.raises(Invalid):
        valid_key(key)


def test_any_other_key_is_taken_as_it_is() -> None:
    assert valid_key("x" * 255) == "x" * 255
    assert valid_key("8e03978e-40d5-43dd-bc93-6894a57f9324")
