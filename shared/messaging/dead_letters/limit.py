"""When dead letters are no longer exceptions: then we are what is wrong, and stop."""

from collections import deque
from datetime import datetime, timedelta

from shared.kernel.errors import Failure


class TooManyDeadLetters(Failure):
    """The consumer stops before it puts aside what it perhaps only fails to understand."""

    kind = "too_many_dead_letters"


class DeadLetterLimit:
    """At most `max_count` dead letters in `window`, and at most half of the last `sample_size` records."""

    def __init__(
        self,
        max_count: int = 100,
        window: timedelta = timedelta(seconds=60),
        sample_size: int = 200,
    ) -> None:
        self._max_count, self._window = max_count, window
        self._times: deque[datetime] = deque(maxlen=max_count)
        self._recent: deque[bool] = deque(maxlen=sample_size)

    def check(self, good: int, dead: int, now: datetime) -> None:
        """So many records are about to be processed; raises `TooManyDeadLetters` if that is too much."""
        recently = dead + sum(at > now - self._window for at in self._times)
        if dead and recently > self._max_count:
            raise TooManyDeadLetters(f"{recently} dead letters in {self._window.seconds} seconds")
        seen = [*self._recent, *[False] * good, *[True] * dead][-(self._recent.maxlen or 0) :]
        if dead and len(seen) == self._recent.maxlen and sum(seen) * 2 > len(seen):
            raise TooManyDeadLetters(
                f"{sum(seen)} of the last {len(seen)} records are dead letters"
            )

    def add(self, good: int, dead: int, now: datetime) -> None:
        """They were processed."""
        self._recent.extend([False] * good + [True] * dead)
        self._times.extend([now] * dead)
