"""Local parts for one run of the test suite: `with parts_for_tests() as parts`.

`parts` is a `deploy.local.parts.LocalParts`, already started:

- `parts.postgres.create_database("intake")` creates a database if need be and returns its address,
  `parts.postgres.dsn(name)` is the address, `parts.postgres.psql(sql, database)` runs SQL beside
  the code under test, `parts.postgres.kill()` / `.start()` crash and restart it on the same port;
- `parts.broker.bootstrap` (host:port) and `parts.broker.idempotent` (whether it takes an idempotent
  producer) are what Kafka settings need, `parts.broker.kill()` / `.start()` as above,
  `parts.broker.name` says which broker it is; the environment variable BROKER chooses it.

Nothing here waits for the disk: the parts that are killed are processes, and a process takes
nothing with it that the system was given. The drills (`tests/faults`) run on durable parts.

Each run has a folder of its own, so several runs at once do not meet. It is removed at the end, and
so are those of runs that were killed. All of it blocks: use it in a plain (not async) fixture.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from deploy.local.failure import LaunchFailure
from deploy.local.instance import LOCAL, Instance
from deploy.local.parts import LocalParts

_PREFIX = "test-"


@contextmanager
def parts_for_tests(broker: str | None = None) -> Iterator[LocalParts]:
    """PostgreSQL and a broker for this process alone, empty at first and removed at the end."""
    remove_leftovers()
    with a_home() as home, LocalParts(home, broker, fresh=True, durable=False) as parts:
        yield parts


@contextmanager
def a_home(*purpose: str) -> Iterator[Path]:
    """A folder for parts of this process, for one purpose if several have parts; removed at the end."""
    home = LOCAL / "-".join((f"{_PREFIX}{os.getpid()}", *purpose))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def remove_leftovers() -> None:
    """End the processes and remove the folders of test runs that did not come to their end."""
    for home in LOCAL.glob(f"{_PREFIX}*"):
        owner = home.name.split("-")[1]
        if not owner.isdecimal() or psutil.pid_exists(int(owner)):
            continue
        with suppress(LaunchFailure, FileNotFoundError):
            Instance(home).release()
            shutil.rmtree(home)
