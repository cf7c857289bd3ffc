"""Sets of rows: written in one statement, one array a column; and what constraints say of them.

A row is a mapping by column names, read and written. What a type calls as its column is called goes
over as it is, by `fields_in`; the rest stands beside it, by name.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import fields
from typing import Any

import asyncpg

from shared.database.database import Tx


class Upsert:
    """Insert the rows of a set, or replace those whose key is known.

    `columns` gives every column its PostgreSQL type, the key first. The names are ours, never input.
    """

    def __init__(self, table: str, columns: Mapping[str, str], *, new_only: bool = False) -> None:
        self._names = tuple(columns)
        key, *rest = columns
        arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(columns.values(), 1))
        change = ", ".join(f"{name} = excluded.{name}" for name in rest)
        then = "nothing" if new_only else f"update set {change}"
        self._statement = (
            f"insert into {table} ({', '.join(columns)}) select * from unnest({arrays})"  # noqa: S608
            f" on conflict ({key}) do {then}"
        )

    async def run(self, tx: Tx, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write the rows, each by the names of the columns. Nothing is asked for an empty set."""
        known = list(rows)
        if known:
            columns = ([row[name] for row in known] for name in self._names)
            await tx.execute(self._statement, *columns)


def fields_in(kind: type, columns: Collection[str]) -> tuple[str, ...]:
    """The fields of a dataclass that are columns of the same name."""
    return tuple(field.name for field in fields(kind) if field.name in columns)


async def stands(tx: Tx, work: Callable[[], Awaitable[None]]) -> bool:
    """Whether the constraints let the work stand; if not, it is undone and `tx` goes on."""
    try:
        async with tx.transaction():
            await work()
    except asyncpg.IntegrityConstraintViolationError:
        return False
    return True
