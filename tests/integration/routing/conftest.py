"""A contact centre for each test: `world`, and `api`, its api on a real socket."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import OpenDatabase
from tests.integration.routing.api import Api, serve
from tests.integration.routing.silent_changes import note_writes, silent_changes
from tests.integration.routing.world import World
from tests.support.clock import FakeClock


@pytest.fixture
async def world(open_database: OpenDatabase, clock: FakeClock) -> AsyncIterator[World]:
    """An empty centre on a database of its own. Whatever a test does there, a feed hears of it."""
    database = await open_database("routing")
    await note_writes(database)
    yield World(database, clock)
    assert await silent_changes(database) == []


@pytest.fixture
async def api(world: World, tmp_path: Path) -> AsyncIterator[Api]:
    """The api over `world`."""
    async with serve(world, tmp_path) as api:
        yield api
