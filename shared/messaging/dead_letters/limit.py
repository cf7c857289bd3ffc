"""When dead letters are no longer exceptions: then we are what is wrong, and stop."""

from collections import deque
from datetime import datetime, timedelta

from shared.kernel.errors import Failure


class TooManyDeadLetters(Failure):
    """The consumer stops before it puts aside what it perhaps only fails to understand."""

    kind = "too_many_dead_letters"


class DeadLetterLimit:
    """At most `most` dead letters in `within`, and at most half of the last `records` records."""

    def __init__(
        self, most: int = 100, within: timedelta = timedelta(seconds=60), records: int = 200
    ) -> None:
        self._most, self._within = most, within
        self._times: deque[datetime] = deque(maxlen=most)
        self._recent: deque[bool] = deque(maxlen=records)

    def check(self, good: int, dead: int, now: datetime) -> None:
        """So many records are about to be taken; raises `TooManyDeadLetters` if that is too much."""
        recently = dead + sum(at > now - self._within for at in self._times)
        if dead and recently > self._most:
            raise TooManyDeadLetters(f"{recently} dead letters in {self._within.seconds} seconds")
        seen = [*self._recent, *[False] * good, *[True] * dead][-(self._recent.maxlen or 0) :]
        if dead and len(seen) == self._recent.maxlen and sum(seen) * 2 > len(seen):
            raise TooManyDeadLetters(
                f"{sum(seen)} of the last {len(seen)} records are dead letters"
            )

    def add(self, good: int, dead: int, now: datetime) -> None:
        """They were taken."""
        self._recent.extend([False] * good + [True] * dead)
        self._times.extend([now] * dead)
