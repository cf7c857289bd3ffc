"""The order in which waiting contacts are asked for: one for decisions and for the database."""

from enum import StrEnum
from typing import Any

from services.routing.domain.matching.model import Waiting


class Direction(StrEnum):
    """Which end comes first, in PostgreSQL's words; as there, nothing is more than anything."""

    ASCENDING = "asc"
    DESCENDING = "desc"


WAITING_ORDER: tuple[tuple[str, Direction], ...] = (
    ("precedence", Direction.DESCENDING),
    ("promise_due_at", Direction.ASCENDING),
    ("priority", Direction.ASCENDING),
    ("received_at", Direction.ASCENDING),
    ("contact_id", Direction.ASCENDING),
)
"""Who comes first: reopened work, then the promise that ends first, then priority, then age.

The database orders by the columns of these names, and its index by them, so that there is one line.
"""


def place_in_line(contact: Waiting) -> tuple[tuple[bool, Any], ...]:
    """What contacts are sorted by: `WAITING_ORDER` as a key."""
    return tuple(_place_by(getattr(contact, name), direction) for name, direction in WAITING_ORDER)


def _place_by(value: Any, direction: Direction) -> tuple[bool, Any]:
    """Only numbers and truths can be turned round, and no descending column of the line is null."""
    if direction is Direction.DESCENDING:
        return False, -value
    return value is None, 0 if value is None else value
