"""Records between our own on a compacted topic that we do not know of, and so may bear an old state.

A relay that was stopped in the middle of a send and wakes later writes what its buffers hold, and may die
before it says so. Whoever publishes now sees it by the offsets: they do not follow each other.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from shared.contracts.topics import ALL
from shared.database.database import Tx
from shared.messaging.outbox.publishing import PublishedBatch

COMPACTED: Final = frozenset(topic.name for topic in ALL if topic.retention_hours is None)

LAST = """
select topic, partition, base_offset + cardinality(positions) as next
from (
  select topic, partition, max(base_offset) as base_offset
  from published where topic = any($1) group by topic, partition
) as last join published using (topic, partition, base_offset)
"""


class Gap(NamedTuple):
    """The records of others in one partition: from the offset `first`, and before `end`."""

    topic: str
    partition: int
    first: int
    end: int


class Foreign:
    """What the relay has to know to notice them."""

    def __init__(self) -> None:
        self._next: dict[tuple[str, int], int] = {}

    async def load(self, connection: Tx) -> None:
        """Where the last noted record stands in each partition, whoever wrote it."""
        rows = await connection.fetch(LAST, list(COMPACTED))
        self._next = {(row["topic"], row["partition"]): row["next"] for row in rows}

    def gaps(self, batches: Iterable[PublishedBatch]) -> list[Gap]:
        """Those that these new batches of ours show."""
        gaps = []
        for topic, partition, base, positions in batches:
            if topic in COMPACTED:
                expected = self._next.get((topic, partition), base)
                if base > expected:
                    gaps.append(Gap(topic, partition, expected, base))
                self._next[topic, partition] = base + len(positions)
        return gaps
