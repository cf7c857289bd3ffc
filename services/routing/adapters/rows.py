"""Sets of rows: written in one statement, one array a column; and what constraints say of them."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import asyncpg

from shared.database.database import Tx


class Upsert:
    """Insert the rows of a set, or replace those whose key is known.

    `columns` gives every column its PostgreSQL type, the key first. The names are ours, never input.
    """

    def __init__(self, table: str, columns: Mapping[str, str], *, new_only: bool = False) -> None:
        key, *rest = columns
        arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(columns.values(), 1))
        change = ", ".join(f"{name} = excluded.{name}" for name in rest)
        then = "nothing" if new_only else f"update set {change}"
        self._statement = (
            f"insert into {table} ({', '.join(columns)}) select * from unnest({arrays})"  # noqa: S608
            f" on conflict ({key}) do {then}"
        )

    async def run(self, tx: Tx, rows: Iterable[Sequence[Any]]) -> None:
        """Write the rows, each in the order of the columns. Nothing is asked for an empty set."""
        columns = list(zip(*rows, strict=True))
        if columns:
            await tx.execute(self._statement, *columns)


async def stands(tx: Tx, work: Callable[[], Awaitable[None]]) -> bool:
    """Whether the constraints let the work stand; if not, it is undone and `tx` goes on."""
    try:
        async with tx.transaction():
            await work()
    except asyncpg.IntegrityConstraintViolationError:
        return False
    return True
