"""The time a question is about: from a moment to a moment, cut by the clock of one time zone.

Contacts are counted by the quarter of an hour in UTC, because every zone's clock is a whole number
of quarters away from UTC. So a local day is always a sum of whole quarters, also in India or Nepal.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice, pairwise
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from shared.i18n.time_zones import NO_TIME_ZONE
from shared.kernel.errors import Invalid

QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
MAX_PERIODS = 400
EARLIEST, LATEST = 2000, 2199
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
Grain: TypeAlias = Literal["hour", "day", "total"]


class Span(msgspec.Struct, frozen=True):
    """One or more periods without a gap: each lies between two neighbours of `cuts`, all in UTC.

    `zone` is the one whose clock made the cuts.
    """

    cuts: tuple[datetime, ...]
    zone: tzinfo

    @property
    def start(self) -> datetime:
        """The first moment of the first period."""
        return self.cuts[0]

    @property
    def end(self) -> datetime:
        """The first moment after the last period."""
        return self.cuts[-1]

    def periods(self) -> list[tuple[datetime, datetime]]:
        """The start and the end of each period."""
        return list(pairwise(self.cuts))


def quarter_of(moment: datetime) -> datetime:
    """The start of the quarter of an hour that a moment lies in, in UTC."""
    moment = moment.astimezone(UTC)
    return moment - (moment - EPOCH) % QUARTER


def span(start: datetime, end: datetime, grain: Grain, zone: str | None = None) -> Span:
    """The asked-for time, cut by the clock of `zone`, or by the offset of `start` where none is named.

    A time without an offset is read from that clock. A day begins where the clock shows again what
    it showed at `start`, so days may begin at any hour, and one with a change of the clock is shorter
    or longer than 24 hours. Raises `Invalid` for what cannot be answered exactly, or is more than
    `MAX_PERIODS` periods.
    """
    if not all(EARLIEST <= moment.year <= LATEST for moment in (start, end)):
        raise Invalid(f"from and to must lie in the years {EARLIEST} to {LATEST}")
    clock = start.tzinfo if zone is None else _zone(zone)
    if clock is None:
        raise Invalid("from needs an offset, such as 2026-01-31T08:00:00Z, or zone must be named")
    shown = _shown(start, clock)
    start, end = _moment(start, clock), _moment(end, clock)
    if end <= start:
        raise Invalid("to must be later than from")
    return Span(_exact(_CUTTERS[grain](start, end, clock, shown), end, grain), clock)


def _exact(cuts: Iterator[datetime], end: datetime, grain: Grain) -> tuple[datetime, ...]:
    found = tuple(islice(cuts, MAX_PERIODS + 2))
    if len(found) > MAX_PERIODS + 1:
        raise Invalid(f"at most {MAX_PERIODS} periods can be asked for at once")
    if found[-1] != end:
        raise Invalid(
            f"from and to must be a whole number of {grain}s apart by the clock of the zone; where"
            " clocks change, name it: zone=Europe/Berlin"
        )
    if any(cut != quarter_of(cut) for cut in found):
        raise Invalid("from and to must be full quarters of an hour: so contacts are counted")
    return found


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid(f"zone {NO_TIME_ZONE}") from error


def _moment(moment: datetime, clock: tzinfo) -> datetime:
    """In UTC. What the clock shows twice is the first time, what it skips counts on from before."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=clock, fold=0)
    return aware.astimezone(UTC)


def _total(start: datetime, end: datetime, *_: object) -> Iterator[datetime]:
    yield from (start, end)


def _hours(start: datetime, end: datetime, clock: tzinfo, shown: datetime) -> Iterator[datetime]:
    """An hour ends after sixty minutes, or where a change of the clock ends it earlier.

    Lord Howe Island moves its clock by half an hour: one half hour stands by itself there, and all
    others remain hours of the local clock.
    """
    while start < end:
        yield start
        start += HOUR - (_shown(start, clock) - shown) % HOUR
    yield start


def _days(start: datetime, end: datetime, clock: tzinfo, shown: datetime) -> Iterator[datetime]:
    """The same time of each day; a date that the clock never showed has no period.

    It is the time that was asked for: a midnight that the clock skipped on the first day is not
    skipped on the next.
    """
    days, last = 0, start
    yield start
    while last < end:
        days += 1
        day = _moment(shown + days * DAY, clock)
        if day > last:
            yield day
            last = day


def _shown(moment: datetime, clock: tzinfo) -> datetime:
    """What the clock shows then. A time without an offset is what it shows, or skips."""
    local = moment.astimezone(clock) if moment.tzinfo else moment
    return local.replace(tzinfo=None, fold=0)


_CUTTERS: Mapping[Grain, Callable[[datetime, datetime, tzinfo, datetime], Iterator[datetime]]] = {
    "hour": _hours,
    "day": _days,
    "total": _total,
}
