"""Migrations: each service keeps its own, and any number of replicas may run them at once."""

import asyncio
import re
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from alembic import command, context
from alembic.autogenerate import compare_metadata
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, make_url, pool, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from shared.database.base import Xid8

_LOCK = text("select pg_advisory_lock(hashtext('rapport migrations'))")


def run_in_environment(metadata: MetaData) -> None:
    """The whole of a service's `migrations/env.py`."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, **_options())
    with context.begin_transaction():
        context.run_migrations()


async def run_migrations(service: str, dsn: str) -> None:
    """Bring the service's database to its newest state; those who come later wait, then find it done."""
    await _with_connection(dsn, lambda connection: _upgrade(service, connection))


async def difference(service: str, dsn: str) -> list[Any]:
    """What the service's tables, as written, have that the database has not, or the other way round."""
    metadata: MetaData = import_module(f"services.{service}.adapters.tables").metadata
    found: list[Any] = []
    await _with_connection(dsn, lambda connection: found.extend(_compare(metadata, connection)))
    return found


async def autogenerate(service: str, dsn: str, message: str) -> None:
    """Write the service's next migration from the difference between its tables and the database."""
    await _with_connection(dsn, lambda connection: _revise(service, connection, message))


async def _with_connection(dsn: str, work: Callable[[Connection], None]) -> None:
    url = make_url(dsn).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            await _locked(connection, work)
    finally:
        await engine.dispose()


async def _locked(connection: AsyncConnection, work: Callable[[Connection], None]) -> None:
    """The lock is the session's: it is free again when the connection closes, however that happens."""
    await connection.execute(_LOCK)
    await connection.commit()
    await connection.run_sync(work)
    await connection.commit()


def _upgrade(service: str, connection: Connection) -> None:
    command.upgrade(_config(service, connection), "head")


def _revise(service: str, connection: Connection, message: str) -> None:
    config = _config(service, connection)
    number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
    command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")


def _compare(metadata: MetaData, connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection, opts=_options()), metadata))


def _config(service: str, connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_folder(service)))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def _folder(service: str) -> Path:
    spec = find_spec(f"services.{service}")
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"there is no service {service}")
    return Path(spec.submodule_search_locations[0]) / "migrations"


def _options() -> dict[str, Any]:
    return {
        "compare_type": True,
        "compare_server_default": _default_differs,
        "render_item": _render,
        "target_metadata": None,
    }


def _default_differs(
    _context: object, _found: object, _wanted: object, found: str | None, _text: object, wanted: str
) -> bool | None:
    """False for defaults that are written alike; None lets Alembic ask the server.

    The server alone cannot compare what changes from call to call, such as `clock_timestamp()`.
    """
    return False if _plain(found) == _plain(wanted) else None


def _plain(default: str | None) -> str | None:
    return default and re.sub(r"::[a-z ]+(\[\])?", "", default).strip("()'").lower()


def _render(kind: str, item: object, autogen: AutogenContext) -> str | bool:
    if kind == "type" and isinstance(item, Xid8):
        autogen.imports.add("from shared.database.base import Xid8")
        return "Xid8()"
    return False


if __name__ == "__main__":
    asyncio.run(autogenerate(*sys.argv[1:]))
