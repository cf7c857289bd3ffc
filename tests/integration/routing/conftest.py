"""A contact centre for each test: `world`."""

import pytest

from tests.conftest import OpenDatabase
from tests.integration.routing.world import World
from tests.support.clock import FakeClock


@pytest.fixture
async def world(open_database: OpenDatabase, clock: FakeClock) -> World:
    """An empty centre on a database of its own."""
    return World(await open_database("routing"), clock)
