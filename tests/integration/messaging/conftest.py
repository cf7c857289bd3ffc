"""What the tests of messaging share."""

import pytest

from shared.database.database import Database
from shared.settings import KafkaSettings
from tests.conftest import OpenDatabase
from tests.support.kafka import Place, a_place


@pytest.fixture
async def database(open_database: OpenDatabase) -> Database:
    """A database with outbox and inbox."""
    return await open_database("messaging")


@pytest.fixture
async def place(broker: KafkaSettings) -> Place:
    """A service and a topic of this test alone."""
    return await a_place(broker)
