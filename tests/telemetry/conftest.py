"""One platform on parts of its own, on which all has happened before the first test looks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.parts import LocalParts
from tests.conftest import BROKER
from tests.support.parts import a_home
from tests.telemetry.scene import Telemetry, played

HERE, SECONDS = Path(__file__).parent, 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whichever test is first waits for everything to happen."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(SECONDS))


@pytest.fixture(scope="package")
def telemetry(pytestconfig: pytest.Config) -> Iterator[Telemetry]:
    with a_home("telemetry") as home, LocalParts(home, fresh=True, durable=False) as parts:
        pytestconfig.stash[BROKER] = parts.broker.name
        with played(parts) as scene:
            yield scene
