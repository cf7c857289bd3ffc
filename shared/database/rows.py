"""Sets of rows: handed to PostgreSQL as one array a column, and read back by the names of columns.

A statement costs a round trip however many rows it takes, so a set is one statement. Values travel by
name: what a column is called in the table is what the field is called in the type.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import asyncpg
import msgspec

T = TypeVar("T")

Row = Mapping[str, Any]


class Columns:
    """Columns and their PostgreSQL types, in an order of their own. They are ours, never input."""

    def __init__(self, **types: str) -> None:
        self._types = types
        self.names = ", ".join(types)
        """The columns, for an `insert` or a `select`."""
        self.source = self.source_from(1)
        """The rows, for a `from` clause; its parameters are what `arrays` gives."""

    def __len__(self) -> int:
        return len(self._types)

    def source_from(self, place: int) -> str:
        """As `source`, where the first of its parameters is that of this number."""
        kinds = enumerate(self._types.values(), place)
        arrays = ", ".join(f"${number}::{kind}[]" for number, kind in kinds)
        return f"unnest({arrays}) as given ({self.names})"

    def arrays(self, rows: Iterable[Row]) -> list[list[Any]]:
        """One array a column, in the order of `source`; what a row leaves out is null."""
        found = list(rows)
        return [[row.get(name) for row in found] for name in self._types]

    def arrays_of(self, values: Sequence[object]) -> list[list[Any]]:
        """As `arrays`, of values whose fields are the columns."""
        return [[getattr(value, name) for value in values] for name in self._types]

    def assignments(self, source: str, *, but: Iterable[str] = ()) -> str:
        """`a = source.a, b = source.b` for an `update`, leaving out the columns of `but`."""
        left_out = set(but)
        return ", ".join(
            f"{name} = {source}.{name}" for name in self._types if name not in left_out
        )

    def insert(self, table: str, place: int = 1) -> str:
        """A statement that inserts the rows; its parameters begin with that of number `place`."""
        source = self.source_from(place)
        return f"insert into {table} ({self.names}) select {self.names} from {source}"  # noqa: S608

    def upsert(self, table: str, key: str, place: int = 1) -> str:
        """As `insert`; rows whose key is there are replaced."""
        return (
            f"{self.insert(table, place)}"
            f" on conflict ({key}) do update set {self.assignments('excluded', but=[key])}"
        )

    def insert_new(self, table: str, key: str) -> str:
        """As `insert`; what is there under the key stays as it is."""
        return f"{self.insert(table)} on conflict ({key}) do nothing"


def as_row(value: Any) -> dict[str, Any]:
    """The fields of a struct or dataclass, by name; what is nested in them stays what it is."""
    is_struct = isinstance(value, msgspec.Struct)
    names = value.__struct_fields__ if is_struct else value.__dataclass_fields__
    return {name: getattr(value, name) for name in names}


def from_row(row: asyncpg.Record, kind: type[T], **given: Any) -> T:
    """A struct or dataclass whose fields are columns of the row; other columns are left out.

    What is `given` is taken instead of the column, for fields that are no column as it stands.
    Texts become enumerations where the type says so. Raises `msgspec.ValidationError` for a value
    that the type does not allow: then table and type disagree.
    """
    return msgspec.convert({**row, **given}, kind)
