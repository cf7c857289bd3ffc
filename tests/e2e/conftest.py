"""One platform per run, on parts of its own: the topics of other tests hold what no service published.

- `world`   the platform and the customers' mail provider; at the end of the run everything must
            have come to rest, and every rule of `deploy.local.invariants` must hold
- `centre`  a contact centre of the test's own: a topic, an address, queues, agents, customers
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.local.parts import LocalParts
from tests.conftest import BROKER
from tests.e2e.story import Centre
from tests.e2e.world import World, a_world
from tests.support.parts import a_home

HERE, SECONDS = Path(__file__).parent, 300
VERDICT = pytest.StashKey[str]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first journey waits for the platform to start, the last one until it has come to rest."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(SECONDS))


@pytest.fixture(scope="package")
def world_parts(pytestconfig: pytest.Config) -> Iterator[LocalParts]:
    """PostgreSQL and a broker for the world alone."""
    with a_home("journeys") as home, LocalParts(home, fresh=True, durable=False) as parts:
        pytestconfig.stash[BROKER] = parts.broker.name
        yield parts


@pytest.fixture(scope="package")
def world(world_parts: LocalParts, pytestconfig: pytest.Config) -> Iterator[World]:
    with a_world(world_parts) as world:
        yield world
        verdict = world.judgement()
    pytestconfig.stash[VERDICT] = verdict


@pytest.fixture
async def centre(world: World) -> AsyncIterator[Centre]:
    async with Centre(world) as centre:
        yield centre


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say that the world was in order after the journeys."""
    if VERDICT in config.stash:
        terminalreporter.write_line(f"journeys: {config.stash[VERDICT]}")
