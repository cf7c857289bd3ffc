"""Migrations: each service keeps its own, and any number of replicas may run them at once."""

import argparse
import asyncio
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import asyncpg
from alembic import command, context
from alembic.autogenerate import compare_metadata
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from shared.database.base import Xid8
from shared.database.online_ddl import BOUNDED, with_retries
from shared.database.outages import OUTAGES, reason
from shared.kernel.errors import Conflict, Unavailable

_TEMPLATE = Path(__file__).with_name("script.py.mako")
_TIDY = {
    "hooks": "fix, format",
    "fix.type": "module",
    "fix.module": "ruff",
    "fix.options": "check --fix --quiet REVISION_SCRIPT_FILENAME",
    "format.type": "module",
    "format.module": "ruff",
    "format.options": "format --quiet REVISION_SCRIPT_FILENAME",
}
_LOCK = text("select pg_try_advisory_lock(hashtext('rapport migrations'))")
_ASK_SECONDS = 0.1


def run_in_environment(metadata: MetaData) -> None:
    """The whole of a service's `migrations/env.py`.

    Each migration is a transaction of its own, so that its locks are free before the next one begins.
    """
    connection: Connection | None = context.config.attributes.get("connection")
    there = {"connection": connection} if connection else {"dialect_name": "postgresql"}
    context.configure(
        **there, target_metadata=metadata, transaction_per_migration=True, **_options()
    )
    with context.begin_transaction():
        context.run_migrations()


class Versions(NamedTuple):
    """Where a database was before its migration, None where it was empty, and where it is now."""

    before: str | None
    now: str | None


async def run_migrations(service: str, dsn: str) -> Versions:
    """Bring the service's database to its newest state; those who come later wait, then find it done.

    Raises `Unavailable` if it is not reached, `Conflict` if it is of a later version than this program, and what `with_retries` does.
    """
    found: list[Versions] = []
    await _with_connection(dsn, lambda connection: found.append(_upgrade(service, connection)))
    return found[0]


def later_migrations(service: str) -> dict[str, str]:
    """The SQL of each migration after the first, by the name of its file; nothing is run.

    The first one finds an empty database: there is nobody to lock out.
    """
    config = _config(service)
    revisions = reversed(list(ScriptDirectory.from_config(config).walk_revisions()))
    return {Path(each.path).name: _sql(config, each) for each in revisions if each.down_revision}


async def create_tables(metadata: MetaData, dsn: str) -> None:
    """Make tables as they are written, without migrations."""
    await _with_connection(dsn, metadata.create_all)


def metadata_of(service: str) -> MetaData:
    """The tables of a service, as they are written."""
    metadata: MetaData = import_module(f"services.{service}.adapters.db.tables").metadata
    return metadata


async def difference(service: str, dsn: str) -> list[Any]:
    """What the service's tables, as written, have that the database has not, or the other way round."""
    metadata, found = metadata_of(service), list[Any]()
    await _with_connection(dsn, lambda connection: found.extend(_compare(metadata, connection)))
    return found


async def autogenerate(service: str, dsn: str, message: str) -> None:
    """Write the service's next migration from the difference between its tables and the database."""
    await _with_connection(dsn, lambda connection: _revise(service, connection, message))


async def _with_connection(dsn: str, work: Callable[[Connection], None]) -> None:
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=partial(_connect, dsn), poolclass=pool.NullPool
    )
    try:
        async with engine.connect() as connection:
            await _locked(connection, work)
    finally:
        await engine.dispose()


async def _connect(dsn: str) -> Any:
    """SQLAlchemy would read the address in its own way, and knows no `sslmode`. Raises `Unavailable`."""
    try:
        return await asyncpg.connect(dsn)
    except OUTAGES as error:
        raise Unavailable(f"database: {reason(error)}") from error


async def _locked(connection: AsyncConnection, work: Callable[[Connection], None]) -> None:
    """The lock is the session's: it is free again when the connection closes, however that happens.

    It is asked for again and again: an index made concurrently waits for all who wait in a transaction.
    """
    while not (await connection.execute(_LOCK)).scalar():
        await connection.commit()
        await asyncio.sleep(_ASK_SECONDS)
    await connection.commit()
    await connection.run_sync(work)
    await connection.commit()


def _upgrade(service: str, connection: Connection) -> Versions:
    config, before = _config(service, connection), _version(connection)
    revisions = ScriptDirectory.from_config(config).walk_revisions()
    if before is not None and before not in {each.revision for each in revisions}:
        raise Conflict(f"the database is at {before}, which this program does not know")
    connection.execute(text(BOUNDED))
    connection.commit()  # else Alembic takes the transaction for ours, and cannot step out of it
    with_retries(lambda: command.upgrade(config, "head"))
    return Versions(before, _version(connection))


def _version(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _sql(config: Config, migration: Script) -> str:
    config.output_buffer = StringIO()
    span = f"{migration.down_revision}:{migration.revision}"
    command.upgrade(config, span, sql=True)
    return config.output_buffer.getvalue()


def _revise(service: str, connection: Connection, message: str) -> None:
    """Alembic wants its template beside `env.py`; ours is one for all, so both meet for a moment."""
    with TemporaryDirectory() as folder:
        copy(_folder(service) / "env.py", folder)
        copy(_TEMPLATE, folder)
        config = _config(service, connection)
        config.set_main_option("script_location", folder)
        number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
        command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")


def _compare(metadata: MetaData, connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection, opts=_options()), metadata))


def _config(service: str, connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_folder(service)))
    config.set_main_option("version_locations", str(_folder(service) / "versions"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    for option, value in _TIDY.items():
        config.set_section_option("post_write_hooks", option, value)
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
        "compare_server_default": True,
        "render_item": _render,
    }


def _render(kind: str, item: object, autogen: AutogenContext) -> str | bool:
    if kind == "type" and isinstance(item, Xid8):
        autogen.imports.add("from shared.database.base import Xid8")
        return "Xid8()"
    return False


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m shared.database.migrate", description=autogenerate.__doc__
    )
    parser.add_argument("service", help="whose tables")
    parser.add_argument("dsn", help="a database with the tables as they were")
    parser.add_argument("message", help="what changes, in a few words")
    asyncio.run(autogenerate(**vars(parser.parse_args())))
