"""What an operator sees of a transaction that holds up every relay of the cluster, wherever it is open."""

import pytest
from prometheus_client import REGISTRY

from shared.database.database import Database, Tx
from shared.messaging.outbox.horizon import Horizon, horizon_job
from tests.conftest import OpenDatabase
from tests.support.eventually import eventually
from tests.support.kafka import running


@pytest.fixture
async def elsewhere(open_database: OpenDatabase) -> Database:
    """Another database of the same cluster."""
    return await open_database("messaging")


class Seconds:
    """A clock that stands until it is turned."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def write(tx: Tx) -> None:
    """Give the transaction a number, as any write does."""
    await tx.execute("select pg_current_xact_id()")


async def commit_one(database: Database) -> None:
    """A commit that the relay must wait with, if an older transaction is open."""
    async with database.transaction() as tx:
        await write(tx)


def age() -> float:
    return REGISTRY.get_sample_value("rapport_horizon_age_seconds") or 0.0


async def test_a_transaction_that_writes_in_another_database_ages_until_it_ends(
    database: Database, elsewhere: Database
) -> None:
    async with running(horizon_job(database, interval_seconds=0.05)):
        async with elsewhere.transaction() as tx:
            await write(tx)
            await commit_one(database)
            await eventually(lambda: age() > 1)
        await eventually(lambda: age() == 0)


async def test_transactions_that_relieve_each_other_have_an_age_each(
    database: Database, elsewhere: Database
) -> None:
    clock = Seconds()
    horizon = Horizon(clock)
    async with database.connection() as eye, elsewhere.transaction() as second:
        async with elsewhere.transaction() as first:
            await write(first)
            await write(second)
            await commit_one(database)
            await horizon.look(eye)
            clock.now = 5
            await horizon.look(eye)
            assert horizon.age() == 5
        await horizon.look(eye)
        assert horizon.age() == 0
        clock.now = 8
        assert horizon.age() == 3
    async with database.connection() as eye:
        await horizon.look(eye)
    assert horizon.age() == 0


async def test_nothing_is_held_up_where_nothing_is_committed(
    database: Database, elsewhere: Database
) -> None:
    clock = Seconds()
    horizon = Horizon(clock)
    async with database.connection() as eye, elsewhere.transaction() as tx:
        await write(tx)
        await horizon.look(eye)
        clock.now = 5
        await horizon.look(eye)
        assert horizon.age() == 0


async def test_a_transaction_that_only_reads_holds_nothing_up(
    database: Database, elsewhere: Database
) -> None:
    clock = Seconds()
    horizon = Horizon(clock)
    async with database.connection() as eye, elsewhere.transaction() as reader:
        await reader.execute("select 1 from outbox")
        await commit_one(database)
        await horizon.look(eye)
        clock.now = 5
        await horizon.look(eye)
        assert horizon.age() == 0
