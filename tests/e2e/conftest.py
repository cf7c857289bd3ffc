"""One platform per run, on parts of its own: the topics of other tests hold what nobody said.

- `world`   the platform and the customers' mail provider; at the end of the run everything must
            have come to rest, and every rule of `deploy.local.invariants` must hold
- `centre`  a contact centre of the test's own: a topic, an address, queues, agents, customers
"""

import os
import shutil
from collections.abc import AsyncIterator, Iterator

import pytest

from deploy.local.instance import LOCAL
from deploy.local.parts import LocalParts
from tests.e2e.story import Centre
from tests.e2e.world import World, a_world

VERDICT = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def own_parts() -> Iterator[LocalParts]:
    home = LOCAL / f"test-{os.getpid()}-journeys"
    try:
        with LocalParts(home, fresh=True) as parts:
            yield parts
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def world(own_parts: LocalParts, pytestconfig: pytest.Config) -> Iterator[World]:
    with a_world(own_parts) as world:
        yield world
        verdict = world.judgement()
    pytestconfig.stash[VERDICT] = f"journeys on {own_parts.broker.name}: {verdict}"


@pytest.fixture
async def centre(world: World) -> AsyncIterator[Centre]:
    async with Centre(world) as centre:
        yield centre


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say on which broker the journeys went, and that the world was in order afterwards."""
    if VERDICT in config.stash:
        terminalreporter.write_line(config.stash[VERDICT])
