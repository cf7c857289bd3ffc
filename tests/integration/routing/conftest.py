"""A contact centre for each test: `world`, and `door`, its api on a real socket."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import OpenDatabase
from tests.integration.routing.doors import Door, opened
from tests.integration.routing.world import World
from tests.support.clock import FakeClock


@pytest.fixture
async def world(open_database: OpenDatabase, clock: FakeClock) -> World:
    """An empty centre on a database of its own."""
    return World(await open_database("routing"), clock)


@pytest.fixture
async def door(world: World, tmp_path: Path) -> AsyncIterator[Door]:
    """The api over `world`."""
    async with opened(world, tmp_path) as door:
        yield door
