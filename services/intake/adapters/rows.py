"""Sets as columns: a list of structs becomes the arrays that `unnest` turns back into rows."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import msgspec

S = TypeVar("S", bound=msgspec.Struct)


class Rows(Generic[S]):
    """How one kind of struct is handed to PostgreSQL: a column per field, in the fields' order."""

    def __init__(self, kind: type[S], /, **types: str) -> None:
        """`types` names the PostgreSQL type of each field, in the struct's order."""
        if tuple(types) != kind.__struct_fields__:
            raise TypeError(f"{kind.__name__} has the fields {kind.__struct_fields__}")
        arrays = ", ".join(f"${n}::{type_}[]" for n, type_ in enumerate(types.values(), 1))
        self.source = f"unnest({arrays}) as given ({', '.join(types)})"
        """The rows, for a `from` clause."""

    def of(self, items: Sequence[S]) -> list[tuple[Any, ...]]:
        """The arrays; `items` is not empty."""
        return list(zip(*map(msgspec.structs.astuple, items), strict=True))
