"""The time a question is about: whole hours from a moment to a moment, cut into equal periods."""

from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

import msgspec

from shared.kernel.errors import Invalid

HOUR = timedelta(hours=1)
LENGTHS = {"hour": HOUR, "day": timedelta(days=1)}
MAX_PERIODS = 400
EARLIEST, LATEST = 2000, 2199
Grain: TypeAlias = Literal["hour", "day", "total"]


class Span(msgspec.Struct, frozen=True):
    """[start, end), cut into periods of `length`."""

    start: datetime
    end: datetime
    length: timedelta

    def starts(self) -> list[datetime]:
        """The start of each period."""
        return [self.start + n * self.length for n in range((self.end - self.start) // self.length)]


def span(start: datetime, end: datetime, grain: Grain) -> Span:
    """The asked-for time, in UTC. A day is 24 hours from `start`, so days may begin at any hour.

    Raises `Invalid` for what cannot be answered exactly, or is more than `MAX_PERIODS` periods.
    """
    if start.tzinfo is None or end.tzinfo is None:
        raise Invalid("from and to need a time zone, such as 2026-01-31T08:00:00Z")
    if not all(EARLIEST <= moment.year <= LATEST for moment in (start, end)):
        raise Invalid(f"from and to must lie in the years {EARLIEST} to {LATEST}")
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if end <= start:
        raise Invalid("to must be later than from")
    if any(
        (moment.minute, moment.second, moment.microsecond) != (0, 0, 0) for moment in (start, end)
    ):
        raise Invalid("from and to must be full hours: contacts are counted by the hour")
    length = LENGTHS.get(grain, end - start)
    if (end - start) % length:
        raise Invalid(f"from and to must be a whole number of {grain}s apart")
    if (end - start) / length > MAX_PERIODS:
        raise Invalid(f"at most {MAX_PERIODS} periods can be asked for at once")
    return Span(start, end, length)
