"""A fresh database of analytics, ways to count into it, and a caller who asks for figures."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import httpx2
import pytest
from pydantic import SecretStr

from deploy.local.tokens import AUDIENCE, ISSUER, TokenIssuer
from services.analytics.bootstrap import api
from services.analytics.entrypoints.consumer import subscriptions
from services.analytics.settings import Settings
from shared.contracts.cloudevents import Incoming
from shared.contracts.event import Event
from shared.database.database import Database
from shared.http.server import HttpServer
from shared.settings import AuthSettings, DatabaseSettings, KafkaSettings
from tests.conftest import MakeDsn, OpenDatabase
from tests.support.clock import FakeClock
from tests.support.life import Life

CLOCK = FakeClock()
(HANDLE,) = (each.handle for each in subscriptions(CLOCK))
Count: TypeAlias = Callable[[Sequence[Incoming[Event]]], Awaitable[None]]


@pytest.fixture
async def database(open_database: OpenDatabase) -> Database:
    return await open_database("analytics")


@pytest.fixture
def count_batch(database: Database) -> Count:
    """Count one batch in a transaction of its own."""

    async def count_one(batch: Sequence[Incoming[Event]]) -> None:
        async with database.transaction() as tx:
            assert await HANDLE(tx, batch) == ()

    return count_one


@pytest.fixture
async def settings(postgres_dsn: MakeDsn, tmp_path: Path) -> Settings:
    jwks = TokenIssuer(tmp_path).jwks
    return Settings(
        database=DatabaseSettings(dsn=SecretStr(await postgres_dsn("analytics"))),
        kafka=KafkaSettings(bootstrap="127.0.0.1:1"),
        auth=AuthSettings(issuer=ISSUER, audience=AUDIENCE, jwks=str(jwks)),
    )


@pytest.fixture
async def client(settings: Settings, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A caller who may read figures."""
    stop = asyncio.Event()
    token = TokenIssuer(tmp_path).mint("wallboard", ["figures.read"])
    async with api(settings) as role:
        assert role.app is not None
        server = HttpServer(role.app, host="127.0.0.1", port=0, drain_seconds=3)
        running = asyncio.create_task(server.run(stop))
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as caller:
            caller.headers["authorization"] = f"Bearer {token}"
            yield caller
        stop.set()
        await running


async def consume(settings: Settings, *lives: Life) -> None:
    """Count everything that happened to these."""
    database = await Database.open(settings.database, service="analytics")
    async with database.transaction() as tx:
        await HANDLE(tx, [incoming for life in lives for incoming in life.incoming()])
    await database.close()


async def ask(client: httpx2.AsyncClient, **query: str) -> Any:
    """The answer to a question that has one."""
    answer = await client.get("/v1/figures", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()
