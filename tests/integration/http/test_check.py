"""`check` and `migrate` answer an operator with a line each, and with nothing else in between."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from socket import create_server

import asyncpg
import pytest

from deploy.local.platform import PARTITIONS, REPLICAS
from shared.settings import KafkaSettings
from tests.conftest import MakeDsn

ROOT = Path(__file__).parents[3]
LOOPBACK = "127.0.0.1"
ENVIRONMENT = {
    "RAPPORT_DATABASE__DSN": f"postgresql://nobody:s3cret@{LOOPBACK}:1/none",
    "RAPPORT_DATABASE__CONNECT_TIMEOUT_MS": "500",
    "RAPPORT_KAFKA__BOOTSTRAP": f"{LOOPBACK}:1",
    "RAPPORT_KAFKA__REQUEST_TIMEOUT_MS": "700",
    "RAPPORT_KAFKA__MIN_INSYNC_REPLICAS": str(REPLICAS),
    "RAPPORT_KAFKA__REPLICATION_FACTOR": str(REPLICAS),
    "RAPPORT_KAFKA__MAX_PARTITIONS": str(PARTITIONS),
    "RAPPORT_AUTH__ISSUER": "https://issuer.example",
    "RAPPORT_AUTH__JWKS": "/nowhere/jwks.json",
    "RAPPORT_ATTACHMENTS__URL": "s3://nowhere",
}


async def asked(command: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Intake's program, run to its end."""
    environment = {"PATH": os.environ["PATH"], **ENVIRONMENT, **changes}
    argv = [sys.executable, "-m", "services.intake", command]
    return await asyncio.to_thread(
        subprocess.run, argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


async def checked(**changes: str) -> dict[str, str]:
    """What `check` says of each thing; it never says a password."""
    found = await asked("check", **changes)
    assert "s3cret" not in found.stdout + found.stderr
    return {line[:12].strip(): line[12:] for line in outcomes(found)}


def outcomes(found: subprocess.CompletedProcess[str]) -> list[str]:
    """What it prints behind the settings in effect."""
    return [line for line in found.stdout.splitlines() if not line.startswith("RAPPORT_")]


@pytest.fixture
def silent() -> Iterator[str]:
    """Where connections are taken and nothing is ever said."""
    with create_server((LOOPBACK, 0)) as server:
        yield f"{LOOPBACK}:{server.getsockname()[1]}"


async def test_who_refuses_is_named_by_host_and_port() -> None:
    table = await checked(RAPPORT_KAFKA__BOOTSTRAP=f"{LOOPBACK}:1,{LOOPBACK}:2")
    assert table["database"] == f"refused by {LOOPBACK}:1"
    assert set(table["broker"].split("; ")) == {f"refused by {LOOPBACK}:{n}" for n in (1, 2)}
    assert table["migrations"] == "not asked: the database is not reached"
    assert table["topics"] == "not asked: the broker is not reached"
    assert table["issuer"].endswith(": /nowhere/jwks.json")


async def test_who_does_not_answer_is_named_with_the_deadline(silent: str) -> None:
    table = await checked(
        RAPPORT_DATABASE__DSN=f"postgresql://nobody:s3cret@{silent}/none",
        RAPPORT_KAFKA__BOOTSTRAP=silent,
    )
    assert table["database"] == f"no answer from {silent} within 0.5 s"
    assert table["broker"] == f"no answer from {silent} within 0.7 s"


async def test_a_name_that_nobody_has_is_said() -> None:
    table = await checked(
        RAPPORT_DATABASE__DSN="postgresql://nobody:s3cret@nowhere.invalid/none",
        RAPPORT_DATABASE__CONNECT_TIMEOUT_MS="9000",
        RAPPORT_KAFKA__REQUEST_TIMEOUT_MS="9000",
        RAPPORT_KAFKA__BOOTSTRAP="nowhere.invalid:9092",
    )
    assert table["database"] == "no such host: nowhere.invalid:5432"
    assert table["broker"] == "no such host: nowhere.invalid:9092"


async def test_what_another_service_reads_is_named_and_a_stranger_stops_it() -> None:
    assert (await checked(RAPPORT_PER_GROUP="7"))[
        "not read"
    ] == "RAPPORT_PER_GROUP is read by routing"
    refused = await asked("check", RAPPORT_PER_GRUOP="7")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "RAPPORT_PER_GRUOP: unknown; did you mean RAPPORT_PER_GROUP?\n"


async def test_a_database_that_there_is_not_is_said_in_the_servers_words(
    postgres_dsn: MakeDsn,
) -> None:
    dsn = (await postgres_dsn("intake")).rpartition("/")[0] + "/gone"
    table = await checked(RAPPORT_DATABASE__DSN=dsn)
    assert table["database"].endswith('(database "gone" does not exist)')


async def test_a_complete_environment_is_ok_line_by_line_and_nothing_else_is_said(
    postgres_dsn: MakeDsn, broker: KafkaSettings, tmp_path: Path
) -> None:
    keys = tmp_path / "jwks.json"
    keys.write_text(f'{{"keys": [{{"kty": "oct", "k": "{"A" * 43}"}}]}}')
    found = await asked(
        "check",
        RAPPORT_DATABASE__DSN=await postgres_dsn("intake"),
        RAPPORT_DATABASE__CONNECT_TIMEOUT_MS="20000",
        RAPPORT_KAFKA__BOOTSTRAP=broker.bootstrap,
        RAPPORT_KAFKA__REQUEST_TIMEOUT_MS="20000",
        RAPPORT_AUTH__JWKS=str(keys),
    )
    assert [line.split() for line in outcomes(found)] == [
        [what, "ok"]
        for what in ("settings", "database", "migrations", "broker", "topics", "issuer")
    ]
    assert (found.returncode, found.stderr) == (0, "")


async def test_the_settings_in_effect_are_said_with_their_origin_and_without_secrets(
    tmp_path: Path,
) -> None:
    (tmp_path / "password").write_text("s3cret\n")
    found = await asked(
        "check",
        RAPPORT_AUTH__JWKS="https://me:s3cret@issuer.example/jwks.json",
        RAPPORT_MAIL__USERNAME="me",
        RAPPORT_MAIL__PASSWORD_FILE=str(tmp_path / "password"),
        RAPPORT_QUARANTINE='{"max_count": 7}',
    )
    assert {
        "RAPPORT_DATABASE__DSN = set (environment)",
        "RAPPORT_MAIL__PASSWORD = set (file)",
        "RAPPORT_KAFKA__SASL_PASSWORD = unset (default)",
        f"RAPPORT_KAFKA__BOOTSTRAP = {LOOPBACK}:1 (environment)",
        "RAPPORT_AUTH__JWKS = https://issuer.example/jwks.json (environment)",
        "RAPPORT_QUARANTINE__MAX_COUNT = 7 (environment)",
        "RAPPORT_DRAIN_SECONDS = 20.0 (default)",
    } <= {*found.stdout.splitlines()}
    assert "s3cret" not in found.stdout + found.stderr


async def test_what_a_topic_lacks_is_said_in_a_sentence_each(
    postgres_dsn: MakeDsn, broker: KafkaSettings
) -> None:
    found = await asked(
        "check",
        RAPPORT_DATABASE__DSN=await postgres_dsn("intake"),
        RAPPORT_KAFKA__BOOTSTRAP=broker.bootstrap,
        RAPPORT_KAFKA__REQUEST_TIMEOUT_MS="20000",
        RAPPORT_KAFKA__MAX_PARTITIONS=str(PARTITIONS + 1),
        RAPPORT_KAFKA__REPLICATION_FACTOR="3",
    )
    lines = [line[12:] for line in found.stdout.splitlines() if line.startswith("topics ")]
    assert f"rapport.contacts has {PARTITIONS} partitions instead of {PARTITIONS + 1}" in lines
    assert "rapport.queues has a partition with 1 of 3 replicas" in lines
    assert found.returncode == 1


async def test_migrate_says_from_which_version_to_which(postgres_dsn: MakeDsn) -> None:
    dsn = await postgres_dsn("intake")
    again = await asked("migrate", RAPPORT_DATABASE__DSN=dsn)
    newest = again.stdout.removeprefix("already at ").strip()
    assert (again.stdout, again.stderr) == (f"already at {newest}\n", "")
    await execute(dsn, "drop schema public cascade; create schema public")
    first = await asked("migrate", RAPPORT_DATABASE__DSN=dsn)
    assert (first.stdout, first.stderr) == (f"migrated an empty database to {newest}\n", "")


async def test_a_database_of_a_later_version_is_left_as_it_is(postgres_dsn: MakeDsn) -> None:
    dsn = await postgres_dsn("intake")
    await execute(dsn, "update alembic_version set version_num = '9999'")
    refused = await asked("migrate", RAPPORT_DATABASE__DSN=dsn)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "the database is at 9999, which this program does not know" in refused.stderr


async def execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
