"""A database over TLS: whose certificate is vouched for is believed, and nobody else."""

import asyncio
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from shutil import copy
from typing import Self

import pytest
from pydantic import SecretStr

from deploy.local.instance import Instance
from deploy.local.ports import LOOPBACK
from deploy.local.postgres import SUPERUSER, Postgres
from shared.database.database import Database
from shared.database.migrate import difference, run_migrations
from shared.kernel.errors import Unavailable
from shared.settings import DatabaseSettings
from tests.integration.local.conftest import a_home
from tests.support.certificates import self_signed

ROOT = Path(__file__).parents[3]
NOT_TRUSTED = "its certificate is not trusted"
ASKS_FOR_TLS = bytes.fromhex("0000000804d2162f")
"""The first bytes of a client of PostgreSQL that wants TLS."""


class Front:
    """Speaks TLS before a PostgreSQL that was built without it, as the server itself would; a context manager.

    `certificate` is what it shows whoever connects next.
    """

    def __init__(self, behind: int, certificate: Path) -> None:
        self.certificate = certificate
        self._behind = behind

    @property
    def port(self) -> int:
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Somebody who breaks off, as who does not trust us, is none of our business."""
        with suppress(OSError, asyncio.IncompleteReadError):
            assert await reader.readexactly(len(ASKS_FOR_TLS)) == ASKS_FOR_TLS
            writer.write(b"S")
            tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            tls.load_cert_chain(self.certificate)
            await writer.start_tls(tls)
            theirs, ours = await asyncio.open_connection(LOOPBACK, self._behind)
            async with asyncio.TaskGroup() as both:
                both.create_task(_pass_on(reader, ours))
                both.create_task(_pass_on(theirs, writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while some := await reader.read(65_536):
            writer.write(some)
            await writer.drain()
    writer.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with a_home() as home:
        instance = Instance(home)
        server = Postgres(instance, durable=False)
        server.start()
        server.create_database("followup")
        yield server
        server.stop()
        instance.release()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Of the server."""
    return self_signed(tmp_path / "server.pem")


@pytest.fixture
async def front(server: Postgres, certificate: Path) -> AsyncIterator[Front]:
    async with Front(server.port, certificate) as front:
        yield front


Settings = Callable[[Path], DatabaseSettings]


@pytest.fixture
def trusting(server: Postgres, front: Front) -> Settings:
    """The settings of somebody who trusts the certificates in a file."""

    def at(file: Path) -> DatabaseSettings:
        query = f"sslmode=verify-full&sslrootcert={file}"
        return DatabaseSettings(
            dsn=SecretStr(f"postgresql://{LOOPBACK}:{front.port}/followup?{query}"),
            user=SUPERUSER,
            password=SecretStr(server.password),
            pool_min=0,
        )

    return at


async def connect(settings: DatabaseSettings) -> None:
    async with Database.opened(settings, service="tests") as database:
        await database.ping()


async def test_a_server_that_is_vouched_for_is_believed(
    trusting: Settings, certificate: Path
) -> None:
    await connect(trusting(certificate))


async def test_migrations_go_the_same_way(trusting: Settings, certificate: Path) -> None:
    settings = trusting(certificate)
    await run_migrations("followup", settings.address())
    assert await difference("followup", settings.address()) == []


async def test_a_server_that_another_vouches_for_is_refused_in_a_sentence(
    trusting: Settings, tmp_path: Path
) -> None:
    settings = trusting(self_signed(tmp_path / "another.pem"))
    with pytest.raises(Unavailable, match=f"^database: {NOT_TRUSTED} \\(.*certificate"):
        await connect(settings)
    with pytest.raises(Unavailable, match=f"^database: {NOT_TRUSTED} \\(.*certificate"):
        await run_migrations("followup", settings.address())


async def test_a_server_at_another_address_than_its_certificate_says_is_refused(
    front: Front, trusting: Settings, tmp_path: Path
) -> None:
    front.certificate = self_signed(tmp_path / "elsewhere.pem", "192.0.2.1")
    with pytest.raises(Unavailable, match=f"{NOT_TRUSTED} .*not valid for '{LOOPBACK}'"):
        await connect(trusting(front.certificate))


async def test_a_certificate_that_is_replaced_is_believed_without_a_restart(
    front: Front, trusting: Settings, certificate: Path, tmp_path: Path
) -> None:
    async with Database.opened(trusting(certificate), service="tests") as database:
        front.certificate = self_signed(tmp_path / "another.pem")
        with pytest.raises(Unavailable, match=NOT_TRUSTED):
            await database.ping()
        copy(front.certificate, certificate)
        await database.ping()


async def test_check_says_so(server: Postgres, front: Front, tmp_path: Path) -> None:
    other = self_signed(tmp_path / "another.pem")
    (tmp_path / "password").write_text(server.password)
    query = f"sslmode=verify-full&sslrootcert={other}"
    environment = {
        "PATH": os.environ["PATH"],
        "RAPPORT_DATABASE__DSN": f"postgresql://{LOOPBACK}:{front.port}/followup?{query}",
        "RAPPORT_DATABASE__USER": SUPERUSER,
        "RAPPORT_DATABASE__PASSWORD_FILE": str(tmp_path / "password"),
        "RAPPORT_KAFKA__BOOTSTRAP": f"{LOOPBACK}:1",
        "RAPPORT_KAFKA__REQUEST_TIMEOUT_MS": "700",
        "RAPPORT_AUTH__ISSUER": "https://issuer.example",
        "RAPPORT_AUTH__JWKS": "/nowhere/jwks.json",
    }
    argv = [sys.executable, "-m", "services.routing", "check"]
    done = await asyncio.to_thread(
        subprocess.run, argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    [line] = [line for line in done.stdout.splitlines() if line.startswith("database ")]
    assert line.startswith(f"database    {LOOPBACK}:{front.port}: {NOT_TRUSTED} (")
    assert server.password not in done.stdout + done.stderr
