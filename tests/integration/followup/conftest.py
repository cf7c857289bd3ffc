"""What the tests of followup share."""

import pytest

from tests.conftest import OpenDatabase
from tests.integration.followup.following import FollowUp
from tests.support.clock import FakeClock


@pytest.fixture
async def follow_up(open_database: OpenDatabase, clock: FakeClock) -> FollowUp:
    """Followup on a database of its own, at noon."""
    return FollowUp(await open_database("followup"), clock)
