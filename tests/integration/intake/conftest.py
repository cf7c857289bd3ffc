"""What the tests of intake share."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import OpenDatabase
from tests.integration.intake.place import Intake
from tests.support.clock import FakeClock


@pytest.fixture
async def intake(open_database: OpenDatabase, clock: FakeClock) -> AsyncIterator[Intake]:
    """Intake on a database of its own, at noon."""
    opened = Intake(await open_database("intake"), clock)
    yield opened
    await opened.readers.close()
