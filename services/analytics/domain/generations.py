"""Generations of sums: the one that is read, and the next, which a recount or a rebuild is making.

A recount makes its generation from the facts, in the order of their contacts, while events go on to
change them. What an event changes moves the sums that are read; it moves the next ones as well where its
contact is counted in them already, and else the recount still comes to it.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class Source(StrEnum):
    """What a generation is made from."""

    FACTS = "facts"
    TOPICS = "topics"


class Next(NamedTuple):
    """The generation that is being made, and how far that has come.

    `passed` is the last contact that a recount has counted; a rebuild has its topics `consumed_since` then.
    """

    number: int
    source: Source
    measures: frozenset[str]
    passed: UUID | None
    contacts: int
    consumed_since: datetime | None


class Generations(NamedTuple):
    """Which there are. Number 0 is counted from the first event on."""

    current: int
    next: Next | None

    @property
    def live(self) -> int:
        """The one that every event counts in. A rebuild has begun from nothing, so it is the rebuild's."""
        if self.next and self.next.source is Source.TOPICS:
            return self.next.number
        return self.current

    def moved_by(self, contact_ids: Collection[UUID]) -> Mapping[int, Collection[UUID]]:
        """By generation: those of these contacts whose changes move its sums."""
        moved: dict[int, Collection[UUID]] = {self.live: contact_ids}
        if self.next and self.next.passed:
            moved[self.next.number] = [each for each in contact_ids if each <= self.next.passed]
        return moved
