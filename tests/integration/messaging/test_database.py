"""The unit of work and the migrations, on real PostgreSQL."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from shared.database.database import Database, Tx, once_committed
from shared.database.keepalive import IDLE_SECONDS, SERVER, UNANSWERED_MS
from shared.database.migrate import create_tables, difference, metadata_of, run_migrations
from shared.kernel.errors import Unavailable
from shared.settings import DatabaseSettings
from shared.settings.mounted import MountedSecret
from tests.conftest import MakeDsn
from tests.support.database import open_at

SERVICES = ("intake", "routing", "followup", "analytics")
CONSTRAINTS = """
select concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) as described
from pg_constraint
where connamespace = 'public'::regnamespace and conrelid::regclass::text <> 'alembic_version'
order by described
"""


async def test_what_fails_is_rolled_back(database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute("create table kept (n int)")
    with suppress(ZeroDivisionError):
        async with database.transaction() as tx:
            await tx.execute("insert into kept values (1)")
            raise ZeroDivisionError
    async with database.connection() as connection:
        assert await connection.fetchval("select count(*) from kept") == 0


async def test_the_next_connection_is_made_with_the_password_that_the_file_holds_then(
    database: Database, postgres_dsn: MakeDsn, tmp_path: Path
) -> None:
    role, path = f"r{uuid4().hex[:12]}", tmp_path / "dsn"
    address = make_url(await postgres_dsn("messaging")).set(username=role)

    def mount(password: str) -> None:
        path.write_text(address.set(password=password).render_as_string(hide_password=False))

    async with database.connection() as admin:
        await admin.execute(f"create role {role} login password 'old'")
        mount("old")
        settings = DatabaseSettings(dsn=MountedSecret(path), pool_min=0, connect_timeout_ms=5_000)
        rotated = await Database.open(settings, service="tests")
        try:
            await rotated.ping()
            await admin.execute(f"alter role {role} password 'new'")
            await hang_up(admin, role)
            with pytest.raises(Unavailable):
                await eventually_refused(rotated)
            mount("new")
            await rotated.ping()
        finally:
            await rotated.close()
            await admin.execute(f"drop role {role}")


async def hang_up(admin: Tx, role: str) -> None:
    await admin.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1", role
    )


async def eventually_refused(database: Database) -> None:
    """The first may still find that its connection is gone, the second makes one."""
    with suppress(Unavailable):
        await database.ping()
    await database.ping()


async def test_what_waits_for_the_commit_happens_then_and_else_never(database: Database) -> None:
    done: list[str] = []
    once_committed(done.append, "outside")
    async with database.transaction():
        once_committed(done.append, "kept")
        async with database.transaction():
            once_committed(done.append, "by another")
        assert done == ["outside", "by another"]
    with pytest.raises(asyncpg.UniqueViolationError):
        await refused_at_the_commit(database, lambda: done.append("lost"))
    assert done == ["outside", "by another", "kept"]


async def refused_at_the_commit(database: Database, act: Callable[[], object]) -> None:
    async with database.transaction() as tx:
        once_committed(act)
        await tx.execute("create temporary table late (n int unique deferrable initially deferred)")
        await tx.execute("insert into late values (1), (1)")


@pytest.mark.parametrize("kind", ["json", "jsonb"])
async def test_json_goes_in_and_comes_out_as_objects(database: Database, kind: str) -> None:
    value = {"text": "Ü ☎ 🎉", "list": [1, 2.5, None, True], "deep": {"a": {}}}
    async with database.connection() as connection:
        assert await connection.fetchval(f"select $1::{kind}", value) == value
        assert await connection.fetchval(f"select '[1]'::{kind}") == [1]


async def test_the_database_speaks_utc(database: Database) -> None:
    async with database.connection() as connection:
        assert await connection.fetchval("show timezone") == "UTC"


@pytest.mark.parametrize(
    "statement",
    [
        "select pg_terminate_backend(pg_backend_pid())",
        "select pg_cancel_backend(pg_backend_pid()), pg_sleep(1)",
        "do $$ begin raise exception using errcode = '40P01'; end $$",
        "do $$ begin raise exception using errcode = '53300'; end $$",
        "set statement_timeout = 10; select pg_sleep(5)",
    ],
)
async def test_what_goes_away_by_itself_is_unavailable(database: Database, statement: str) -> None:
    with pytest.raises(Unavailable):
        async with database.transaction() as tx:
            await tx.execute(statement)
    await database.ping()


@pytest.mark.parametrize("word", [RuntimeError, asyncpg.InterfaceError])
async def test_a_word_for_a_lost_connection_is_an_outage_only_if_it_is_lost(
    database: Database, word: type[Exception]
) -> None:
    for lost, outcome in ((True, Unavailable), (False, word)):
        with pytest.raises(outcome):
            await raised_on_a_connection(database, word, lost=lost)
    await database.ping()


async def raised_on_a_connection(database: Database, word: type[Exception], *, lost: bool) -> None:
    async with database.connection() as connection:
        if lost:
            connection.terminate()
        raise word("the handler is closed")


async def test_a_wrong_statement_is_not_an_outage(database: Database) -> None:
    with pytest.raises(Exception, match="nowhere"):
        async with database.transaction() as tx:
            await tx.execute("select * from nowhere")


async def test_no_free_connection_is_unavailable_and_not_for_ever(postgres_dsn: MakeDsn) -> None:
    database = await open_at(await postgres_dsn("messaging"), pool_max=1)
    database._connect_seconds = 0.1
    async with database.connection():
        with pytest.raises(Unavailable):
            await database.ping()
    await database.close()


async def test_cancelled_work_gives_its_connection_back(postgres_dsn: MakeDsn) -> None:
    database = await open_at(await postgres_dsn("messaging"), pool_max=2)

    async def slow() -> None:
        async with database.transaction() as tx:
            await tx.execute("select pg_sleep(3)")

    tasks = [asyncio.create_task(slow()) for _ in range(50)]
    await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await asyncio.gather(*(database.ping() for _ in range(4)))
    await database.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_the_migrations_make_exactly_the_tables(postgres_dsn: MakeDsn, service: str) -> None:
    migrated, written = await postgres_dsn(service), await postgres_dsn("messaging")
    assert await difference(service, migrated) == []
    await create_tables(metadata_of(service), written)
    assert await constraints(migrated) == await constraints(written)


async def constraints(dsn: str) -> list[str]:
    """Every constraint as the server words it; Alembic does not compare checks."""
    connection = await asyncpg.connect(dsn)
    try:
        return [row["described"] for row in await connection.fetch(CONSTRAINTS)]
    finally:
        await connection.close()


async def test_many_replicas_may_migrate_at_once(postgres_dsn: MakeDsn) -> None:
    dsn = await postgres_dsn("messaging")
    database = await open_at(dsn)
    async with database.connection() as connection:
        await connection.execute(
            "drop table inbox, dead_letter_limit, outbox, stream, relay_cursor, published, lease,"
            " held_topic"
        )
    await asyncio.gather(*(run_migrations("followup", dsn) for _ in range(4)))
    assert await difference("followup", dsn) == []
    await database.close()


async def test_both_ends_of_a_connection_notice_when_the_other_has_vanished(
    postgres_dsn: MakeDsn,
) -> None:
    dsn = make_url(await postgres_dsn("messaging"))
    database = await open_at(dsn.set(host="127.0.0.1").render_as_string(hide_password=False))
    async with database.connection() as connection:
        for name, value in SERVER.items():
            shown = await connection.fetchval(
                "select setting from pg_settings where name = $1", name
            )
            assert shown == value
        raw: Any = connection
        ours = raw._con._transport.get_extra_info("socket")
        assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == IDLE_SECONDS
        assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == UNANSWERED_MS
    await database.close()
