"""Processes log in as a user that changes no table; every command works so, and to migrate says who may."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url

from deploy.local.instance import Instance
from deploy.local.parts import LocalParts
from deploy.local.platform import PARTITIONS, REPLICAS, SERVICES
from deploy.local.postgres import OWNER, PROCESSES, Postgres
from shared.contracts.topics import ANALYTICS, CONTACTS, INTAKE
from shared.database.migrate import Versions, difference, run_migrations
from shared.kernel.errors import Denied, Unavailable
from shared.settings import KafkaSettings
from tests.architecture.test_commands import commands_of
from tests.conftest import MakeDsn
from tests.support.database import open_at

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/operate/processes.md"
CHANGES = (
    "create table another (n int)",
    "create table contact_too as select * from contact",
    "create index another on contact (contact_id)",
    "create function another() returns int language sql as 'select 1'",
    "create schema another",
    "create role another",
    "alter table contact add column another int",
    "alter table contact disable trigger all",
    "drop table contact",
    "truncate contact",
    "copy contact to program 'cat'",
)
SERVING = {"api", "worker"}
ASKED = {
    INTAKE: {
        "migrate": "already at",
        "check": "migrations  ok",
        "topics check": "",
        "dead-letters list": "",
        "republish --since 2020-01-01T00:00:00Z": "",
        f"park {CONTACTS.name}": "",
        f"unpark {CONTACTS.name}": "",
        "rebase": "",
    },
    ANALYTICS: {
        "recount": "counted anew",
        "replay": "consumes again",
        "rebuild --yes": "counts again",
    },
}
"""What is asked of each, and what it answers."""


@pytest.fixture
async def address(parts: LocalParts, postgres_dsn: MakeDsn) -> MakeDsn:
    """Where processes of a service find its database."""
    parts.postgres.create_roles()

    async def of(service: str) -> str:
        dsn = make_url(await postgres_dsn(service)).set(username=PROCESSES)
        return dsn.render_as_string(hide_password=False)

    return of


@pytest.fixture
def environment(broker: KafkaSettings, tmp_path: Path) -> dict[str, str]:
    keys = tmp_path / "jwks.json"
    keys.write_text(f'{{"keys": [{{"kty": "oct", "k": "{"A" * 43}"}}]}}')
    return {
        "PATH": os.environ["PATH"],
        "RAPPORT_KAFKA__BOOTSTRAP": broker.bootstrap,
        "RAPPORT_KAFKA__IDEMPOTENT": str(broker.idempotent),
        "RAPPORT_KAFKA__MIN_INSYNC_REPLICAS": str(REPLICAS),
        "RAPPORT_KAFKA__REPLICATION_FACTOR": str(REPLICAS),
        "RAPPORT_KAFKA__MAX_PARTITIONS": str(PARTITIONS),
        "RAPPORT_AUTH__ISSUER": "https://issuer.example",
        "RAPPORT_AUTH__JWKS": str(keys),
        "RAPPORT_ATTACHMENTS__URL": "s3://nowhere",
    }


def run(service: str, words: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", f"services.{service}", *words.split()]
    return subprocess.run(
        argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("statement", CHANGES)
async def test_what_changes_a_table_or_makes_one_is_refused(
    address: MakeDsn, statement: str
) -> None:
    connection = await asyncpg.connect(await address(INTAKE))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_the_tables_are_compared_without_a_right_to_change_them(
    address: MakeDsn, service: str
) -> None:
    assert await difference(service, await address(service)) == []


@pytest.mark.parametrize(
    ("service", "words", "answer"),
    [(service, words, answer) for service in ASKED for words, answer in ASKED[service].items()],
)
async def test_a_command_does_what_it_is_for(
    address: MakeDsn, environment: dict[str, str], service: str, words: str, answer: str
) -> None:
    done = run(service, words, environment | {"RAPPORT_DATABASE__DSN": await address(service)})
    assert (done.returncode, done.stderr) == (0, "")
    assert answer in done.stdout


async def test_what_the_database_refuses_is_said_and_tried_again_as_an_outage_is(
    address: MakeDsn,
) -> None:
    database = await open_at(await address(INTAKE))
    try:
        with pytest.raises(Unavailable, match="database: permission denied for table contact"):
            async with database.transaction() as tx:
                await tx.execute("truncate contact")
        await database.ping()
    finally:
        await database.close()


def test_every_command_that_there_is_was_asked() -> None:
    asked = {words.split()[0] for of_service in ASKED.values() for words in of_service}
    for service in SERVICES:
        words = {words.split()[0] for words in commands_of(f"services.{service}")}
        assert words - SERVING <= asked


async def test_an_empty_database_is_migrated_by_its_owner_alone(parts: LocalParts) -> None:
    parts.postgres.create_roles()
    owner = parts.postgres.create_database("users_empty", OWNER)
    with pytest.raises(Denied, match="migrate as the user that owns them"):
        await run_migrations(INTAKE, parts.postgres.dsn("users_empty", PROCESSES))
    assert (await run_migrations(INTAKE, owner)).before is None
    again = await run_migrations(INTAKE, parts.postgres.dsn("users_empty", PROCESSES))
    assert again == Versions(again.now, again.now)


@pytest.fixture
def server(instance: Instance) -> Iterator[Postgres]:
    server = Postgres(instance, durable=False)
    server.start()
    yield server
    server.stop()


async def test_what_the_page_says_makes_the_users_that_the_platform_makes(
    server: Postgres, parts: LocalParts
) -> None:
    parts.postgres.create_roles()
    [block] = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for statement in block.strip().split(";\n"):
        server.psql(statement)
    rights = """
        select rolname, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolcanlogin,
          array(select roleid::regrole::text from pg_auth_members where member = oid order by 1)
        from pg_roles where rolname in ('owner', 'processes') order by 1
    """
    assert server.psql(rights) == parts.postgres.psql(rights)
    assert server.psql("select datdba::regrole from pg_database where datname = 'intake'") == (
        "owner\n"
    )
