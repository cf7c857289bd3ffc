"""Fresh databases by the copy: one migrated template per service and run, one copy per test."""

import asyncio
import itertools
from collections.abc import Callable

import asyncpg
from pydantic import SecretStr
from sqlalchemy import make_url

from shared.database.base import new_metadata
from shared.database.database import Database
from shared.database.migrate import create_tables, run_migrations
from shared.jobs.tables import make_lease_table
from shared.messaging.consumer.tables import make_inbox_table
from shared.messaging.dead_letters.tables import make_dead_letter_limit_table
from shared.messaging.outbox.tables import make_outbox_tables
from shared.settings import DatabaseSettings

MESSAGING = "messaging"
"""Not a service: a template that has nothing but outbox and inbox."""


class Databases:
    """Makes databases on one server; `create` is the server's own `create_database`."""

    def __init__(self, create: Callable[[str], str]) -> None:
        self._create = create
        self._admin = create("tests")
        self._templates: set[str] = set()
        self._numbers = itertools.count(1)

    async def fresh(self, service: str) -> str:
        """The address of a new database that has the service's tables and nothing in them."""
        template = f"template_{service}"
        if service not in self._templates:
            await _migrate(service, self._create(template))
            self._templates.add(service)
        name = f"{service}_{next(self._numbers)}"
        # The default writes every page to the log, too: twice the work where no disk is waited for.
        await self._run(f"create database {name} template {template} strategy file_copy")
        return make_url(self._admin).set(database=name).render_as_string(hide_password=False)

    async def drop(self, dsn: str) -> None:
        """Remove a database, whoever still uses it."""
        await self._run(f"drop database if exists {make_url(dsn).database} with (force)")

    async def _run(self, statement: str) -> None:
        connection = await asyncpg.connect(self._admin)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


async def open_at(
    dsn: str,
    pool_max: int = 8,
    statement_timeout_ms: int = 5_000,
    connect_timeout_ms: int = 5_000,
) -> Database:
    """A pool on that database; close it yourself."""
    settings = DatabaseSettings(
        dsn=SecretStr(dsn),
        pool_min=0,
        pool_max=pool_max,
        statement_timeout_ms=statement_timeout_ms,
        connect_timeout_ms=connect_timeout_ms,
    )
    return await Database.open(settings, service="tests")


async def _migrate(service: str, dsn: str) -> None:
    if service != MESSAGING:
        await run_migrations(service, dsn)
        return
    metadata = new_metadata()
    make_outbox_tables(metadata)
    make_lease_table(metadata)
    make_inbox_table(metadata)
    make_dead_letter_limit_table(metadata)
    await create_tables(metadata, dsn)
    await asyncio.sleep(0)
