"""What the tests of intake share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import OpenDatabase
from tests.integration.intake.place import Intake, in_folder
from tests.support.clock import FakeClock


@pytest.fixture
async def intake(
    open_database: OpenDatabase, clock: FakeClock, tmp_path: Path
) -> AsyncIterator[Intake]:
    """Intake on a database of its own, at noon."""
    attachments = in_folder(tmp_path / "attachments")
    opened = Intake(await open_database("intake"), clock, attachments=attachments)
    yield opened
    await opened.readers.close()
