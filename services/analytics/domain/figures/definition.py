"""What a figure is: a definition beside its measure, each with an id that is never reused.

Changing what a figure means is a new `version`. A measure never changes what it counts: it gets a
new id, and a recount fills it from the facts.
"""

from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias

import msgspec

from services.analytics.domain.facts import Fact
from services.analytics.domain.figures.formulas import Formula

Unit = Literal["count", "seconds", "share", "score 1 to 5", "minor units"]
Part: TypeAlias = tuple[str, int]
"""A labelled bucket, and how much is added there."""
OPEN = "open"
"""The bucket of what is not settled yet."""
RECEIVED = "event time: everything counts in the quarter of an hour the contact was received in"
FROM_RECEIVED = f"{RECEIVED}; runs from received_at, round the clock"
PEOPLE = "contacts from people; automatic mail is left out"


class Measure(msgspec.Struct, frozen=True):
    """Sorts one contact, or each thing of one kind on it, into labelled buckets.

    It looks at one fact alone, and at no clock. The sums stand in the database under its `id`, so a
    function may be renamed and a measure may not. Automatic mail is sorted only where it says so.
    """

    id: str
    sort: Callable[[Fact], Iterator[Part]]
    of_automatic: bool = False


def measure(
    id_: str, *, of_automatic: bool = False
) -> Callable[[Callable[[Fact], Iterator[Part]]], Measure]:
    """Make a function a measure with this id."""
    return lambda sort: Measure(id_, sort, of_automatic)


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """One figure. `measure` sorts contacts into buckets; `compute` reads the sums of these."""

    id: str
    version: int
    title: str
    sentence: str
    formula: str
    unit: Unit
    measure: Measure
    compute: Formula
    filters: str = PEOPLE
    clock: str = RECEIVED
