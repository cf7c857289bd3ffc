"""How far a group member is in each partition: what it was handed, what is done, what is committed."""

from collections.abc import Collection, Mapping, Sequence
from typing import Generic, TypeVar

from shared.contracts.record import Record

P = TypeVar("P")


class Positions(Generic[P]):
    """Offsets by partition. What is behind `done` is dealt with and may be committed."""

    def __init__(self) -> None:
        self.begun: dict[P, int] = {}
        self.done: dict[P, int] = {}
        self.committed: dict[P, int] = {}

    def hand_out(self, found: Mapping[P, Sequence[Record]]) -> None:
        """These records are in somebody's hand from now on."""
        for place, records in found.items():
            self.begun.setdefault(place, records[0].offset)

    def ahead(self, mine: Collection[P]) -> dict[P, int]:
        """What is done and not committed yet, of the partitions that are mine."""
        new = self.done.items() - self.committed.items()
        return {place: offset for place, offset in new if place in mine}

    def forget_all_but(self, mine: Collection[P]) -> None:
        """Others go on where we were, and we where they were, should a partition come back."""
        for places in (self.begun, self.done, self.committed):
            for lost in places.keys() - mine:
                del places[lost]
