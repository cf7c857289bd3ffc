"""A fresh database of analytics, and ways to count into it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import pytest

from services.analytics.application.counting import count
from shared.contracts.cloudevents import Incoming
from shared.contracts.event import Event
from shared.database.database import Database
from tests.conftest import OpenDatabase

Count: TypeAlias = Callable[[Sequence[Incoming[Event]]], Awaitable[None]]


@pytest.fixture
async def database(open_database: OpenDatabase) -> Database:
    return await open_database("analytics")


@pytest.fixture
def count_batch(database: Database) -> Count:
    """Count one batch in a transaction of its own."""

    async def count_one(batch: Sequence[Incoming[Event]]) -> None:
        async with database.transaction() as tx:
            assert await count(tx, batch) == ()

    return count_one
