"""What the tests of intake share."""

import pytest

from tests.conftest import OpenDatabase
from tests.integration.intake.place import Intake
from tests.support.clock import FakeClock


@pytest.fixture
async def intake(open_database: OpenDatabase, clock: FakeClock) -> Intake:
    """Intake on a database of its own, at noon."""
    return Intake(await open_database("intake"), clock)
