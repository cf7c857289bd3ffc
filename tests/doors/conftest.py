"""The doors of the run: the four apis in one thread beside the tests, each on a database of its own.

- `doors`  by service; nothing limits how often one may come
- `known`  what exists behind each of them
- `open_door`  await it: a door of the test's own, with other settings
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
from tests.doors.place import Door, opened
from tests.doors.seeds import Known, seed
from tests.support.database import Databases

OpenDoor = Callable[..., Awaitable[Door]]


@pytest.fixture(scope="session")
def doors(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Door]]:
    folder = tmp_path_factory.mktemp("issuer")
    with start_blocking_portal() as portal, ExitStack() as stack:
        found = {}
        for service in SERVICES:
            dsn = portal.call(databases.fresh, service)
            door = portal.wrap_async_context_manager(opened(service, dsn, folder))
            found[service] = stack.enter_context(door)
        yield found


@pytest.fixture(scope="session")
def known(doors: dict[str, Door]) -> dict[str, Known]:
    """By service and path parameter, each to be taken once."""
    return {service: asyncio.run(seed(door)) for service, door in doors.items()}


@pytest.fixture
async def open_door(postgres_dsn: MakeDsn, tmp_path: Path) -> AsyncIterator[OpenDoor]:
    async with AsyncExitStack() as stack:

        async def open_one(service: str, **http: Any) -> Door:
            door = opened(service, await postgres_dsn(service), tmp_path, **http)
            return await stack.enter_async_context(door)

        yield open_one
