"""A clock that stands still until it is turned."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class FakeClock:
    """`shared.kernel.clock.Clock`, turned by hand; begins at noon on a Monday."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        """It is now `now`, which is aware."""
        self._now = now.astimezone(UTC)

    def advance(self, seconds: float) -> datetime:
        """That many seconds pass; returns the new present."""
        self._now += timedelta(seconds=seconds)
        return self._now
