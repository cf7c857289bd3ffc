"""The stage of a measurement: PostgreSQL and a broker of its own, fresh databases, pinned programs."""

import asyncio
import itertools
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks import machine
from deploy.local.failure import LaunchFailure
from deploy.local.instance import LOCAL, read_state
from deploy.local.parts import LocalParts
from deploy.local.platform import PARTITIONS, REPLICAS
from deploy.local.processes import Child, tail
from shared.database.base import new_metadata
from shared.database.migrate import create_tables, run_migrations
from shared.jobs.tables import make_lease_table
from shared.messaging.consumer.tables import make_inbox_table
from shared.messaging.dead_letters.tables import make_dead_letter_limit_table
from shared.messaging.outbox.tables import make_outbox_tables
from shared.settings import KafkaSettings

HOME = LOCAL / "bench"
COUNTER = """
create table counter (customer_id text primary key, contacts bigint not null) with (fillfactor = 50)
"""
_numbers = itertools.count(1)


class Stage:
    """Parts that were started, and what is run on them."""

    def __init__(self, parts: LocalParts) -> None:
        self.parts = parts
        self._templates: set[str] = set()
        broker = parts.broker
        self.kafka = KafkaSettings(
            bootstrap=broker.bootstrap,
            idempotent=broker.idempotent,
            session_timeout_ms=6_000,
            heartbeat_interval_ms=500,
            min_insync_replicas=REPLICAS,
            replication_factor=REPLICAS,
            max_partitions=PARTITIONS,
        )

    def database(self, service: str) -> str:
        """The address of a new database with the service's tables and nothing in them."""
        template = f"bench_template_{service}"
        if service not in self._templates:
            asyncio.run(run_migrations(service, self.parts.postgres.create_database(template)))
            self._templates.add(service)
        return self._copy(template, service)

    def messaging_database(self) -> str:
        """The address of a new database with outbox, inbox and a counter."""
        template = "bench_template_messaging"
        if template not in self._templates:
            asyncio.run(_create_messaging(self.parts.postgres.create_database(template)))
            self._templates.add(template)
        return self._copy(template, "loop")

    def plain_database(self, tables: str) -> str:
        """The address of a new database with tables of a peer's own."""
        dsn = self.parts.postgres.create_database(f"bench_plain_{next(_numbers)}")
        execute(dsn, tables)
        return dsn

    def _copy(self, template: str, name: str) -> str:
        copy = f"bench_{name}_{next(_numbers)}"
        self.parts.postgres.psql(f"create database {copy} template {template}")
        return self.parts.postgres.dsn(copy)

    def label(self, name: str) -> str:
        """A name for a consumer group that nobody had before."""
        return f"{name}-{next(_numbers)}"

    def drop(self, dsn: str) -> None:
        """Remove a database, and let the server have nothing left to write."""
        name = dsn.rpartition("/")[2]
        self.parts.postgres.psql(f"drop database {name} with (force)")
        self.parts.postgres.psql("checkpoint")

    def spawn(
        self,
        argv: Sequence[str],
        name: str,
        core: int = machine.WORKER,
        *,
        python: Path | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> Child:
        """Start a Python program of ours (`-m module …`, or a file) on one core."""
        ours = {key: value for key, value in os.environ.items() if not key.startswith("RAPPORT_")}
        env = ours | dict(extra or {})
        child = self.parts.instance.spawn(name, [str(python or sys.executable), *argv], env=env)
        machine.pin(child.pid, core)
        return child

    def begin(self, module: str, *arguments: str, core: int = machine.WORKER) -> Child:
        """Start a module of ours that ends by itself and reports."""
        number = next(_numbers)
        argv = ["-m", module, *arguments, "--report", str(self._report(number))]
        return self.spawn(argv, f"{module}-{number}", core)

    def run(
        self, module: str, *arguments: str, core: int = machine.WORKER, within: float = 300
    ) -> Any:
        """Run a module of ours to its end; what it had to report."""
        child = self.begin(module, *arguments, core=core)
        child.ends(within)
        return self.report(child)

    def report(self, child: Child) -> Any:
        """What a module that was begun, and has ended, had to report."""
        report = self._report(int(child.name.rpartition("-")[2]))
        if child.popen.returncode != 0 or not report.exists():
            raise LaunchFailure(f"{child.name} did not finish.\n{tail(child)}")
        return json.loads(report.read_text())

    def _report(self, number: int) -> Path:
        return self.parts.instance.home / f"report-{number}.json"


@contextmanager
def stage(*, pinned: bool = True) -> Iterator[Stage]:
    """PostgreSQL and Apache Kafka for one measurement, empty at first and removed at the end.

    `pinned`: the broker has the core that the measured program has not.
    """
    home = HOME / f"stage-{os.getpid()}"
    try:
        with LocalParts(home, "kafka", fresh=True, say=machine.tell) as parts:
            if pinned:
                for process in read_state(home)["processes"]:
                    if process["name"] == "kafka":
                        machine.pin(process["pid"], machine.OTHER)
            yield Stage(parts)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def count(dsn: str, statement: str) -> int:
    """One number from a database."""
    return int(asyncio.run(_fetch(dsn, statement)) or 0)


def execute(dsn: str, statement: str) -> None:
    """Run statements in a database."""
    asyncio.run(_execute(dsn, statement))


async def _fetch(dsn: str, statement: str) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _create_messaging(dsn: str) -> None:
    metadata = new_metadata()
    make_outbox_tables(metadata)
    make_lease_table(metadata)
    make_inbox_table(metadata)
    make_dead_letter_limit_table(metadata)
    await create_tables(metadata, dsn)
    await _execute(dsn, COUNTER)
