"""A lease has one holder at a time: by the database's clock for those who wait, by its own for the holder."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.contracts.cloudevents import Outgoing
from shared.database.database import Database
from shared.jobs.lease import Lease, LeaseLost
from shared.kernel.errors import Unavailable
from shared.messaging.outbox.append import append
from shared.messaging.outbox.cursor import OutboxCursor
from shared.messaging.outbox.publishing import Published
from tests.conftest import OpenDatabase
from tests.support.eventually import eventually
from tests.support.kafka import SOURCE, confirmed

LIFE = 1.5
FENCE = "select from lease where name = 'work' and number = $1 for key share"


class Boot:
    """Seconds since boot, turned by hand."""

    def __init__(self) -> None:
        self.seconds = 5_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
async def database(open_database: OpenDatabase) -> Database:
    return await open_database("messaging")


async def take(database: Database) -> Lease:
    lease = Lease(database, "work", LIFE)
    assert await lease.take()
    return lease


async def ended(database: Database) -> None:
    """The holder's time is over, as the database sees it."""
    async with database.connection() as connection:
        await connection.execute("update lease set expires_at = clock_timestamp()")


async def test_of_many_who_want_it_first_one_has_it(database: Database) -> None:
    for number in range(100):  # that two meet is a matter of luck
        leases = [Lease(database, f"work {number}", LIFE) for _ in range(8)]
        took = await asyncio.gather(*(lease.take() for lease in leases))
        assert sum(took) == 1
        assert [lease.seconds_left > 0 for lease in leases] == took


async def test_what_is_given_back_is_the_next_ones_at_once_under_a_higher_number(
    database: Database,
) -> None:
    first, second = await take(database), Lease(database, "work", LIFE)
    assert not await second.take()
    await first.give_back()
    assert await second.take()
    assert (first.number, second.number) == (0, 2)


async def test_nobody_takes_it_before_it_has_ended(database: Database) -> None:
    first, second = await take(database), Lease(database, "work", LIFE)

    async def taken() -> bool:
        took = await second.take()
        assert not (took and first.seconds_left > 0), "there were two holders"
        return took

    await eventually(taken, within=4 * LIFE)


async def test_a_holder_who_was_overtaken_is_refused(database: Database) -> None:
    first, second = await take(database), Lease(database, "work", LIFE)
    await ended(database)
    assert await second.take()
    with pytest.raises(LeaseLost):
        await first.renew()
    assert first.seconds_left <= 0
    await first.give_back()
    second.check()
    assert not await Lease(database, "work", LIFE).take()


async def test_a_machine_that_slept_knows_that_its_lease_is_over(database: Database) -> None:
    boot = Boot()
    lease = Lease(database, "work", LIFE, boot)
    assert await lease.take()
    lease.check()
    boot.seconds += LIFE
    with pytest.raises(LeaseLost):
        lease.check()


async def test_who_holds_it_keeps_it_for_as_long_as_they_work(database: Database) -> None:
    lease, clock = await take(database), asyncio.get_running_loop().time
    end = clock() + 2 * LIFE
    async with lease.kept():
        while clock() < end:
            assert not await Lease(database, "work", LIFE).take()
            lease.check()
            await asyncio.sleep(0.05)
    assert await Lease(database, "work", LIFE).take()


async def test_who_cannot_renew_it_is_stopped_before_it_ends(database: Database) -> None:
    lease, clock = await take(database), asyncio.get_running_loop().time
    until = clock() + LIFE
    async with database.transaction() as other:
        await other.execute("select from lease for update")  # a renewal waits for this
        with pytest.raises(LeaseLost):
            await work_without_end(lease)
        assert clock() < until


async def work_without_end(lease: Lease) -> None:
    async with lease.kept():
        await asyncio.Event().wait()


async def test_an_error_of_the_work_is_raised_as_it_is(database: Database) -> None:
    lease = await take(database)
    with pytest.raises(TimeoutError):
        async with lease.kept():
            raise TimeoutError
    assert await Lease(database, "work", LIFE).take()


@pytest.fixture
async def writing(database: Database) -> AsyncIterator[Lease]:
    """A holder in the middle of a fenced transaction, whose time is over."""
    lease = await take(database)
    async with database.transaction() as tx:
        assert await tx.fetch(FENCE, lease.number)
        yield lease


async def test_a_renewal_does_not_wait_for_what_the_holder_writes(writing: Lease) -> None:
    await asyncio.wait_for(writing.renew(), LIFE)


async def test_the_next_holder_waits_for_what_the_last_one_writes(database: Database) -> None:
    first, second = await take(database), Lease(database, "work", LIFE)
    async with database.transaction() as tx:
        assert await tx.fetch(FENCE, first.number)
        await ended(database)
        taking = asyncio.create_task(second.take())
        assert not (await asyncio.wait([taking], timeout=0.5))[0]
    assert await taking


async def test_the_cursor_is_moved_by_nobody_but_the_holder(database: Database) -> None:
    async with database.transaction() as tx:
        await append(tx, SOURCE, [Outgoing(confirmed())])
    lease = await take(database)
    async with database.connection() as connection:
        cursor = OutboxCursor(connection, database, lease)
        await cursor.begin()
        [row] = await cursor.read(asyncio.Event())
        await ended(database)
        assert await Lease(database, "work", LIFE).take()
        with pytest.raises(Unavailable):
            await cursor.advance(row, Published([], {}))
        assert await cursor.read(asyncio.Event())
