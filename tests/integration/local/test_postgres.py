"""PostgreSQL from the wheel keeps what it committed, whatever happened to it."""

import sys
from collections.abc import Iterator

import asyncpg
import pytest

from deploy.local.instance import Instance
from deploy.local.postgres import Postgres


@pytest.fixture
def postgres(instance: Instance) -> Iterator[Postgres]:
    server = Postgres(instance)
    server.start()
    yield server
    server.stop()


async def test_data_and_address_survive_a_kill(postgres: Postgres) -> None:
    dsn = postgres.create_database("intake")
    postgres.psql("CREATE TABLE kept AS SELECT 42 AS answer", "intake")
    postgres.kill()
    postgres.start()
    assert postgres.create_database("intake") == dsn
    connection = await asyncpg.connect(dsn)
    assert await connection.fetchval("SELECT answer FROM kept") == 42
    await connection.close()


def test_one_that_waits_for_no_disk_keeps_what_it_committed_through_its_own_death(
    instance: Instance,
) -> None:
    server = Postgres(instance, durable=False)
    server.start()
    assert server.psql("SHOW fsync").strip() == "off"
    server.create_database("intake")
    server.psql("CREATE TABLE kept AS SELECT 42 AS answer", "intake")
    server.kill()
    server.start()
    assert server.psql("SELECT answer FROM kept", "intake").strip() == "42"
    server.stop()


async def test_nobody_enters_without_the_password(postgres: Postgres) -> None:
    dsn = postgres.dsn("postgres").replace(postgres.password, "guess")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(dsn)


def test_it_is_durable_and_takes_all_processes_of_the_platform(postgres: Postgres) -> None:
    settings = "SELECT name, setting FROM pg_settings WHERE name = ANY ('{%s}') ORDER BY name"
    asked = "fsync,full_page_writes,max_connections,synchronous_commit"
    found = postgres.psql(settings % asked).split()
    assert found == [
        "fsync|on",
        "full_page_writes|on",
        "max_connections|300",
        "synchronous_commit|on",
    ]


def test_a_lock_file_with_the_number_of_somebody_else_is_no_obstacle(
    postgres: Postgres, instance: Instance
) -> None:
    stranger = instance.spawn("stranger", [sys.executable, "-c", "import signal; signal.pause()"])
    postgres.kill()
    lock = postgres.data / "postmaster.pid"
    lines = lock.read_text().splitlines()
    lock.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
    postgres.start()
    assert postgres.psql("SELECT 1").strip() == "1"
    assert stranger.alive()
