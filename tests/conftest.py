"""Real parts for every test that asks for them: PostgreSQL and a broker, once per run.

Fixtures:
- `postgres_dsn(service)`  await it: the address of a fresh database with the service's tables
- `open_database(service)` await it: a `Database` on such a database, closed after the test
- `broker`                 `KafkaSettings` of the run's broker, all topics created
- `clock`                  a `FakeClock` that stands at noon until it is turned
- `parts`                  the run's PostgreSQL and broker themselves; do not kill them, other
                           tests use them too
- `own_parts`              a second pair, for one test module alone: kill and freeze it at will
`service` may be `messaging`: a database that has nothing but outbox and inbox.
Topics are shared by the tests of a run, so a test uses ids of its own and a group of its own.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from deploy.local.parts import LocalParts
from shared.contracts import topics
from shared.database.database import Database
from shared.messaging.kafka_topics import create_topics
from shared.settings import KafkaSettings
from tests.support.clock import FakeClock
from tests.support.database import Databases, open_at
from tests.support.kafka import settings_of
from tests.support.parts import a_home, parts_for_tests

TESTS = Path(__file__).parent
ORDER = (
    "architecture",
    "unit",
    "contract",
    "integration",
    "security",
    "telemetry",
    "e2e",
    "benchmarks",
    "faults",
    "upgrade",
)
FIRST = ("telemetry", "e2e", "benchmarks", "faults", "upgrade")
ONE_WORKER = {"security": "security"} | dict.fromkeys(FIRST, "platform")
"""Folders that stay on one worker of several: what they start takes long, and two platforms at once
take more than two cores."""
BROKER = pytest.StashKey[str]()
MakeDsn = Callable[[str], Awaitable[str]]
OpenDatabase = Callable[[str], Awaitable[Database]]


def pytest_configure() -> None:
    """Ctrl-C is heard, also by what the tests start: in the background a shell has it ignored.

    How fast hypothesis makes its inputs is judged by no test: on a machine that is busy it takes longer.

    What services log in this process is written plainly: the default draws each exception with its
    source and all local values, which takes seconds.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    slow = [HealthCheck.too_slow]
    settings.register_profile("busy", parent=settings(), suppress_health_check=slow, deadline=None)
    settings.load_profile("busy")
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Folder by folder, shuffled within each: one platform at a time, the quick tests first.

    Where workers share the run, all that runs on a platform comes first, so that the other has enough
    to do meanwhile.
    """
    order = FIRST + ORDER if "PYTEST_XDIST_WORKER" in os.environ else ORDER
    items.sort(key=lambda item: _place(_folder(item), order))


class Sharing(LoadScopeScheduling):  # type: ignore[misc]  # the library has no types
    """What is given to a worker as a whole: all that needs a platform, else a file."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return ONE_WORKER.get(Path(file).parts[1], file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing:
    """The process that shares out the tests asks how."""
    return Sharing(config, log)


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(TESTS).parts[0]


def _place(folder: str, order: Sequence[str]) -> int:
    return order.index(folder) if folder in order else len(order)


def pytest_report_header() -> str:
    """Which broker was asked for; the run itself says which one it got."""
    return f"broker: {os.environ.get('BROKER', 'auto')}"


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Which broker the run got."""
    terminalreporter.write_line(f"broker: {config.stash.get(BROKER, 'none was needed')}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker says which broker it got to the process that shares out the tests."""
    if BROKER in session.config.stash and hasattr(session.config, "workeroutput"):
        session.config.workeroutput["broker"] = session.config.stash[BROKER]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """The process that shares out the tests learns it when the worker has ended."""
    if broker := getattr(node, "workeroutput", {}).get("broker"):
        node.config.stash[BROKER] = broker


@pytest.fixture(scope="session")
def parts(pytestconfig: pytest.Config) -> Iterator[LocalParts]:
    """PostgreSQL and a broker for this run."""
    with parts_for_tests() as started:
        pytestconfig.stash[BROKER] = started.broker.name
        yield started


@pytest.fixture(scope="module")
def own_parts(parts: LocalParts) -> Iterator[LocalParts]:
    """PostgreSQL and a broker that this module may kill and freeze; `parts` clears up first."""
    with a_home("own") as home, LocalParts(home, fresh=True, durable=False) as started:
        yield started


@pytest.fixture(scope="session")
def databases(parts: LocalParts) -> Databases:
    return Databases(parts.postgres.create_database)


@pytest.fixture
async def postgres_dsn(databases: Databases) -> AsyncIterator[MakeDsn]:
    made: list[str] = []

    async def make(service: str) -> str:
        made.append(await databases.fresh(service))
        return made[-1]

    yield make
    for dsn in made:
        await databases.drop(dsn)


@pytest.fixture
async def open_database(postgres_dsn: MakeDsn) -> AsyncIterator[OpenDatabase]:
    opened: list[Database] = []

    async def open_one(service: str) -> Database:
        opened.append(await open_at(await postgres_dsn(service)))
        return opened[-1]

    yield open_one
    for database in opened:
        await database.close()


@pytest.fixture(scope="session")
def broker(parts: LocalParts) -> KafkaSettings:
    settings = settings_of(parts.broker)
    asyncio.run(create_topics(settings, topics.ALL))
    return settings


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
