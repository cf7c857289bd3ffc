"""How many records wait for a consumer, as its members measured it last."""

import math
from collections.abc import Collection, Mapping
from functools import partial
from time import monotonic

from shared.observability import metrics

MEASURED_WITHIN_SECONDS = 15.0
"""A measure is taken every second, and may take a few; an older one is none."""


class Lag:
    """The lag of a process by topic: over all members that are in the group, and unknown (NaN) where
    one of them has not measured lately, as while the broker is away. A number that stood still would
    look like a queue that does.
    """

    def __init__(self, topics: Collection[str]) -> None:
        self._measured: dict[int, tuple[float, Mapping[str, int]]] = {}
        for topic in topics:
            metrics.consumer_lag.labels(topic).set_function(partial(self.now, topic))

    def measured(self, member: int, waiting: Mapping[str, int]) -> None:
        """The member knows how much waits for it."""
        self._measured[member] = monotonic(), waiting

    def left(self, member: int) -> None:
        """The member is no longer in the group: what waited for it waits for others."""
        self._measured.pop(member, None)

    def now(self, topic: str) -> float:
        """Records of the topic that wait, NaN if that is not known."""
        oldest = min((at for at, _ in self._measured.values()), default=-math.inf)
        if monotonic() - oldest > MEASURED_WITHIN_SECONDS:
            return math.nan
        return sum(waiting.get(topic, 0) for _, waiting in self._measured.values())
