"""Migrations on a database in which people work, on real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from shared.database import online_ddl
from shared.database.migrate import run_migrations
from shared.kernel.errors import Conflict, Unavailable
from tests.conftest import MakeDsn
from tests.support.eventually import eventually
from tests.support.migrations import Write, writer

FIRST = """
op.create_table("need", sa.Column("n", sa.Integer()))
op.execute("insert into need values (1), (1)")
"""
ADD_COLUMN = 'op.add_column("need", sa.Column("note", sa.Text()))'
WAITING = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    return writer(tmp_path, monkeypatch)


@pytest.fixture
async def dsn(postgres_dsn: MakeDsn) -> str:
    """A database that no migration has seen."""
    return await postgres_dsn("messaging")


@asynccontextmanager
async def connected(dsn: str) -> "AsyncIterator[asyncpg.Connection[Any]]":
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def in_use(dsn: str) -> AsyncIterator[None]:
    """Somebody has read the table, and their transaction is still open."""
    async with connected(dsn) as connection, connection.transaction():
        await connection.fetch("select * from need")
        yield


async def test_a_migration_that_gets_no_lock_gives_up_and_can_be_run_again(
    write: Write, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(online_ddl, "RETRY_SECONDS", (0.1,))
    write(FIRST)
    await run_migrations("followup", dsn)
    write(FIRST, ADD_COLUMN)
    async with in_use(dsn):
        with pytest.raises(Unavailable, match=r"no lock within 2 s; .* run migrate again"):
            await run_migrations("followup", dsn)
    assert await run_migrations("followup", dsn) == ("0001", "0002")


async def test_a_migration_tries_again_until_the_table_is_free(write: Write, dsn: str) -> None:
    write(FIRST)
    await run_migrations("followup", dsn)
    write(FIRST, 'op.add_column("need", sa.Column("m", sa.Text()))', ADD_COLUMN)
    async with connected(dsn) as watcher:
        async with in_use(dsn):
            migrating = asyncio.create_task(run_migrations("followup", dsn))
            await eventually(lambda: queued(watcher, 1), within=10)
            await eventually(lambda: queued(watcher, 0), within=10)
        assert await migrating == ("0001", "0003")


async def queued(watcher: Any, count: int) -> None:
    assert await watcher.fetchval(WAITING) == count


async def test_nobody_queues_behind_a_migration_longer_than_services_wait(
    write: Write, dsn: str
) -> None:
    write(FIRST)
    await run_migrations("followup", dsn)
    write(FIRST, ADD_COLUMN)
    async with connected(dsn) as watcher, connected(dsn) as customer:
        async with in_use(dsn):
            migrating = asyncio.create_task(run_migrations("followup", dsn))
            await eventually(lambda: queued(watcher, 1), within=10)
            await customer.fetch("select * from need", timeout=3)
        await migrating


async def test_a_statement_that_takes_too_long_is_undone_and_says_where_to_read(
    write: Write, dsn: str
) -> None:
    write(FIRST, f'{ADD_COLUMN}\nop.execute("select pg_sleep(30)")')
    with pytest.raises(Conflict, match="longer than 4 s and was undone"):
        await run_migrations("followup", dsn)
    write(FIRST, ADD_COLUMN)
    assert await run_migrations("followup", dsn) == ("0001", "0002")


async def test_what_locks_nobody_out_takes_as_long_as_it_needs_and_what_follows_does_not(
    write: Write, dsn: str
) -> None:
    show = "select current_setting('lock_timeout') a, current_setting('statement_timeout') b"
    steps = [
        f'op.execute("create table inside as {show}")',
        f'op.execute("create table after as {show}")',
    ]
    write(FIRST, f"with without_deadline():\n    {steps[0]}\n{steps[1]}")
    await run_migrations("followup", dsn)
    async with connected(dsn) as connection:
        assert tuple(await connection.fetchrow("table inside") or ()) == ("0", "0")
        assert tuple(await connection.fetchrow("table after") or ()) == ("2s", "4s")


async def test_an_index_is_made_while_another_replica_waits_to_migrate(
    write: Write, dsn: str
) -> None:
    write(FIRST)
    await run_migrations("followup", dsn)
    write(FIRST, 'create_index("ix_need_n", "need", ["n"])')
    async with connected(dsn) as writing:
        open_write = writing.transaction()
        await open_write.start()
        await writing.execute("insert into need values (2)")
        replicas = [asyncio.create_task(run_migrations("followup", dsn)) for _ in range(2)]
        async with connected(dsn) as watcher:
            await eventually(lambda: queued(watcher, 1), within=10)
        await open_write.commit()
        assert sorted(await asyncio.gather(*replicas)) == [("0001", "0002"), ("0002", "0002")]
    assert await is_valid(dsn)


async def test_an_index_that_was_left_invalid_is_made_anew(write: Write, dsn: str) -> None:
    write(FIRST)
    await run_migrations("followup", dsn)
    write(FIRST, 'create_index("ix_need_n", "need", ["n"], unique=True)')
    with pytest.raises(Exception, match="could not create unique index"):
        await run_migrations("followup", dsn)
    assert not await is_valid(dsn)
    async with connected(dsn) as connection:
        await connection.execute("delete from need")
    assert await run_migrations("followup", dsn) == ("0001", "0002")
    assert await is_valid(dsn)


async def is_valid(dsn: str) -> bool:
    async with connected(dsn) as connection:
        query = "select indisvalid from pg_index where indexrelid = 'ix_need_n'::regclass"
        return bool(await connection.fetchval(query))


async def test_a_constraint_holds_for_new_rows_first_and_for_all_once_it_is_validated(
    write: Write, dsn: str
) -> None:
    write(FIRST)
    await run_migrations("followup", dsn)
    add = "alter table need add constraint ck_need_n check (n < 9) not valid"
    write(FIRST, f'op.execute("{add}")', 'validate_constraint("ck_need_n", "need")')
    assert await run_migrations("followup", dsn) == ("0001", "0003")
    async with connected(dsn) as connection:
        query = "select convalidated from pg_constraint where conname = 'ck_need_n'"
        assert await connection.fetchval(query)
