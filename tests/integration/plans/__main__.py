"""`python -m tests.integration.plans CONTACTS FOLDER [SERVICE …]`: plans and times on services that have grown old.

Makes in FOLDER a PostgreSQL of its own and removes it at the end; prints Markdown. With ten million contacts it
takes 40 minutes and 20 GB, one service after the other.
"""

import argparse
import asyncio
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from benchmarks.machine import description, tell
from deploy.local.instance import Instance
from deploy.local.postgres import Postgres
from shared.database.database import Tx
from shared.database.migrate import run_migrations
from tests.integration.plans.measured import Measured, measure
from tests.integration.plans.sql_constants import SERVICES
from tests.support.growth import statements

AT_ONCE = 2
"""So many tables grow side by side."""
SLOW_MS = 50.0
SETTINGS = "shared_buffers", "work_mem", "effective_cache_size", "random_page_cost", "jit"
TABLES = """
select relname, reltuples::bigint as rows, pg_table_size(oid) as bytes, pg_indexes_size(oid) as indexes
from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and reltuples > 0
order by pg_total_relation_size(oid) desc
"""


def main(given: list[str] | None = None) -> None:
    """Measure service after service."""
    parser = argparse.ArgumentParser(prog="python -m tests.integration.plans", description=__doc__)
    parser.add_argument("contacts", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("services", nargs="*", default=SERVICES)
    asked = parser.parse_args(given)
    with _postgres(asked.folder / "plans") as postgres:
        for service in asked.services:
            asyncio.run(_report(postgres.create_database(service), service, asked.contacts))
            postgres.psql(f"drop database {service}")


@contextmanager
def _postgres(home: Path) -> Iterator[Postgres]:
    instance = Instance(home, fresh=True)
    postgres = Postgres(instance, durable=False)
    try:
        postgres.start()
        postgres.psql("alter system set autovacuum = off")
        postgres.psql("select pg_reload_conf()")
        tell(f"{description()}\n{postgres.psql('select version()')}")
        tell(", ".join(f"{name} {postgres.psql(f'show {name}').strip()}" for name in SETTINGS))
        yield postgres
    finally:
        instance.release()
        shutil.rmtree(home)


async def _report(dsn: str, service: str, contacts: int) -> None:
    await run_migrations(service, dsn)
    await _grow(dsn, service, contacts)
    connection = await asyncpg.connect(dsn)
    try:
        tell(f"\n### {service}\n\n{await _sizes(connection)}\n")
        tell(_table(await measure(connection, service, contacts)))
    finally:
        await connection.close()


async def _grow(dsn: str, service: str, contacts: int) -> None:
    """The same statements as for the tests, some at once: nobody checks what refers to what."""
    first, *inserts, _ = statements(service, contacts)
    waiting = iter(inserts)
    await _execute(dsn, [first])
    await asyncio.gather(*(_execute(dsn, waiting) for _ in range(AT_ONCE)))
    await _execute(dsn, ["vacuum analyze"])


async def _execute(dsn: str, texts: Iterable[str]) -> None:
    options = {"session_replication_role": "replica"}
    connection = await asyncpg.connect(dsn, server_settings=options)
    try:
        for text in texts:
            await connection.execute(text)
    finally:
        await connection.close()


async def _sizes(connection: Tx) -> str:
    rows = [
        f"| {row['relname']} | {row['rows']:,} | {row['bytes'] / 1e6:,.0f} | {row['indexes'] / 1e6:,.0f} |"
        for row in await connection.fetch(TABLES)
    ]
    return "\n".join(("| Table | Rows | MB | of indexes |", "|---|---|---|---|", *rows))


def _table(measured: list[Measured]) -> str:
    timed = [one for one in measured if one.generic_ms is not None]
    planned = [f"| {_name(one)} | {one.plan} |" for one in measured if one not in timed]
    head = ("| Statement | ms | with a plan of its own | Pages | By |", "|---|---|---|---|---|")
    return "\n".join(
        (*head, *map(_line, timed), "", "| Only planned | By |", "|---|---|", *planned)
    )


def _line(one: Measured) -> str:
    ms, own = (f"{each or 0:.2f}" for each in (one.generic_ms, one.custom_ms))
    marked = f"**{ms}**" if (one.generic_ms or 0) > SLOW_MS else ms
    return f"| {_name(one)} | {marked} | {own} | {one.pages:,} | {one.plan} |"


def _name(one: Measured) -> str:
    place = one.name.removeprefix("services.").removeprefix("shared.").replace(".adapters.db.", ".")
    return f"`{place}`{f', {one.what}' if one.what else ''}"


if __name__ == "__main__":
    main()
