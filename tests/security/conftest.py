"""The servers of the run: the four apis in one thread beside the tests, each on a database of its own.

- `servers`  by service; nothing limits how often one may ask
- `known`  what exists behind each of them
- `start_server`  await it: a server of the test's own, with other settings
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from shared.contracts.topics import SERVICES
from tests.conftest import MakeDsn
from tests.security.seeds import Known, seed
from tests.security.serving import Server, serving
from tests.support.database import Databases

StartServer = Callable[..., Awaitable[Server]]


@pytest.fixture(scope="session")
def servers(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Server]]:
    folder = tmp_path_factory.mktemp("issuer")
    with start_blocking_portal() as portal, ExitStack() as stack:
        found = {}
        for service in SERVICES:
            dsn = portal.call(databases.fresh, service)
            server = portal.wrap_async_context_manager(serving(service, dsn, folder))
            found[service] = stack.enter_context(server)
        yield found


@pytest.fixture(scope="session")
def known(servers: dict[str, Server]) -> dict[str, Known]:
    """By service and path parameter, each to be taken once."""
    return {service: asyncio.run(seed(server)) for service, server in servers.items()}


@pytest.fixture
async def start_server(postgres_dsn: MakeDsn, tmp_path: Path) -> AsyncIterator[StartServer]:
    async with AsyncExitStack() as stack:

        async def start_one(service: str, **http: Any) -> Server:
            server = serving(service, await postgres_dsn(service), tmp_path, **http)
            return await stack.enter_async_context(server)

        yield start_one
