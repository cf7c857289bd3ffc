"""One platform for all drills, on parts of its own that may be killed and frozen at will.

`make test` holds the drills of the guarantees themselves: each failpoint, poison, a graceful stop,
one outage of the database and one of the broker. What takes minutes (a minute's outage, a bad
network, deaths at random, restarts of everything) is marked `long` and left to `make faults`.

- `ground`  the platform and its people, everything alive; after the drill, whatever it did, all of it
            must come to rest, every rule of `deploy.local.invariants` must hold, and what customers
            and agents remember must be true
"""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.parts import LocalParts
from deploy.local.processes import tail
from tests.conftest import BROKER
from tests.faults.ground import Ground, a_ground
from tests.support.parts import a_home

HERE, SECONDS = Path(__file__).parent, 600
LINES = 60
SOCKETS = "default::pytest.PytestUnraisableExceptionWarning"
"""A client of our own may be left with a socket to a part that was killed or frozen.

The collector may find it during any later test, so it is made to look while a drill may be blamed.
"""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A drill waits for outages to end and for the platform to come to rest."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.filterwarnings(SOCKETS))
            if "ground" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.timeout(SECONDS))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """A drill that failed is explained by what the processes wrote."""
    report = yield
    ground = getattr(item, "funcargs", {}).get("ground")
    if report.failed and ground:
        for child in ground.platform.running.values():
            report.sections.append((child.name, tail(child, LINES)))
    return report


@pytest.fixture(scope="package")
def whole_ground(pytestconfig: pytest.Config) -> Iterator[Ground]:
    with a_home("drills") as home:
        parts = LocalParts(home, fresh=True)
        pytestconfig.stash[BROKER] = parts.broker.name
        with a_ground(parts) as ground:
            yield ground
    gc.collect()


@pytest.fixture
async def ground(whole_ground: Ground) -> AsyncIterator[Ground]:
    late = asyncio.get_running_loop().call_later(SECONDS - 60, say_where_tasks_wait)
    yield whole_ground
    late.cancel()
    await whole_ground.repair()
    await whole_ground.judged()
    gc.collect()


def say_where_tasks_wait() -> None:
    """What the time limit, which knows of no tasks, cannot say."""
    for task in asyncio.all_tasks():
        task.print_stack(file=sys.stderr)


@pytest.fixture
def durable(ground: Ground) -> Ground:
    """For drills that need a broker which keeps its records when it dies."""
    if not ground.parts.broker.idempotent:
        pytest.skip(f"{ground.parts.broker.name} forgets everything when it ends")
    return ground
