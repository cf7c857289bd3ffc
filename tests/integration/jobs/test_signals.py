"""Signals on a real PostgreSQL: sent with the commit, and made up for after a lost connection."""

import pytest

from shared.database.database import Database
from shared.jobs.periodic import PeriodicJob
from shared.jobs.signals import Signals, notify
from tests.conftest import OpenDatabase
from tests.support.eventually import eventually
from tests.support.kafka import running

HOURS, TIMEOUT = 3_600.0, 10.0
CUT = """
select pg_terminate_backend(pid) from pg_stat_activity
where query like 'LISTEN%' and datname = current_database()
"""


async def test_a_signal_is_set_when_the_transaction_commits(open_database: OpenDatabase) -> None:
    database = await open_database("messaging")
    signals = Signals(database)
    with signals.subscribe("due") as due, signals.subscribe("other") as other:
        async with running(signals):
            await due.wait(TIMEOUT)  # every signal is set once when listening begins
            await other.wait(0)
            async with database.transaction() as tx:
                await notify(tx, ["due", "due"])
                assert not due.is_set
            await eventually(lambda: due.is_set)
            assert not other.is_set


async def notify_and_fail(database: Database) -> None:
    async with database.transaction() as tx:
        await notify(tx, ["first"])
        raise LookupError


async def test_a_transaction_that_is_rolled_back_sends_nothing(open_database: OpenDatabase) -> None:
    database = await open_database("messaging")
    signals = Signals(database)
    with signals.subscribe("first") as first, signals.subscribe("second") as second:
        async with running(signals):
            await first.wait(TIMEOUT)
            await second.wait(0)
            with pytest.raises(LookupError):
                await notify_and_fail(database)
            async with database.transaction() as tx:
                await notify(tx, ["second"])
            await eventually(lambda: second.is_set)
            assert not first.is_set


async def test_after_a_lost_connection_every_signal_is_set(open_database: OpenDatabase) -> None:
    database = await open_database("messaging")
    signals = Signals(database)
    with signals.subscribe("due") as due:
        async with running(signals):
            await due.wait(TIMEOUT)
            async with database.connection() as connection:
                await connection.execute(CUT)
            await eventually(lambda: due.is_set)


async def test_a_signal_wakes_a_job_that_waits(open_database: OpenDatabase) -> None:
    database = await open_database("messaging")
    signals = Signals(database)
    runs: list[int] = []

    async def work() -> float:
        runs.append(1)
        return HOURS

    job = PeriodicJob("work", work, signals=signals, signal="due")
    async with running(signals, job):
        await eventually(lambda: len(runs) == 2)  # at once, and when listening began
        async with database.transaction() as tx:
            await notify(tx, ["due"])
        await eventually(lambda: len(runs) == 3)
