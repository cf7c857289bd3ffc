"""What can be asked, and what is nonsense."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.domain.calendar_periods import (
    HOUR,
    MAX_PERIODS,
    QUARTER,
    Span,
    quarter_of,
    span,
)
from shared.kernel.errors import Invalid
from tests.unit.analytics.zones import midnights, zones

DAY = datetime(2026, 3, 2, tzinfo=UTC)


def local(moment: datetime, zone: str) -> datetime:
    """What the clocks of the zone show."""
    return moment.astimezone(ZoneInfo(zone))


def starts(asked: Span) -> list[datetime]:
    return [start for start, _ in asked.periods()]


def test_a_day_of_hours() -> None:
    asked = span(DAY, DAY + timedelta(days=1), "hour")
    assert starts(asked) == [DAY + timedelta(hours=hour) for hour in range(24)]


def test_days_begin_where_the_question_begins() -> None:
    berlin = DAY.replace(tzinfo=timezone(timedelta(hours=1)))
    asked = span(berlin, berlin + timedelta(days=2), "day")
    assert starts(asked) == [DAY - timedelta(hours=1), DAY + timedelta(hours=23)]


def test_the_total_is_one_period_of_any_length() -> None:
    assert starts(span(DAY, DAY + timedelta(days=3_650, hours=1), "total")) == [DAY]


@pytest.mark.parametrize(
    ("start", "end", "grain"),
    [
        (DAY, DAY, "total"),
        (DAY + timedelta(hours=1), DAY, "total"),
        (DAY.replace(tzinfo=None), DAY, "hour"),
        (DAY + timedelta(minutes=1), DAY + timedelta(hours=2), "hour"),
        (DAY, DAY + timedelta(hours=25), "day"),
        (DAY, DAY + timedelta(hours=MAX_PERIODS + 1), "hour"),
    ],
)
def test_nonsense_is_refused(start: datetime, end: datetime, grain: str) -> None:
    with pytest.raises(Invalid):
        span(start, end, grain)  # type: ignore[arg-type]  # pytest hands it over as text


@given(zones, midnights, st.integers(1, 60))
def test_days_of_any_zone_follow_each_other_without_a_gap(
    zone: str, first: datetime, days: int
) -> None:
    asked = span(first, first + timedelta(days=days), "day", zone)
    periods = asked.periods()
    assert (periods[0][0], periods[-1][1]) == (asked.start, asked.end)
    assert [end for _, end in periods[:-1]] == [start for start, _ in periods[1:]]
    for number, (start, _) in enumerate(periods):
        before = start - QUARTER
        assert local(start, zone).date() == (first + timedelta(days=number)).date()
        assert local(before, zone).date() == local(start, zone).date() - timedelta(days=1)


@given(zones, midnights, st.integers(1, 5))
def test_every_quarter_of_an_hour_is_in_one_day_and_in_one_hour(
    zone: str, first: datetime, days: int
) -> None:
    whole = span(first, first + timedelta(days=days), "total", zone)
    quarters = [whole.start + n * QUARTER for n in range(int((whole.end - whole.start) / QUARTER))]
    assert whole.start + len(quarters) * QUARTER == whole.end
    for grain in ("day", "hour"):
        asked = span(first, first + timedelta(days=days), grain, zone)
        held = [q for start, end in asked.periods() for q in quarters if start <= q < end]
        assert held == quarters


@given(zones, midnights)
def test_an_hour_is_an_hour_of_the_local_clock(zone: str, first: datetime) -> None:
    asked = span(first, first + timedelta(days=1), "hour", zone)
    for start, end in asked.periods():
        assert (
            local(end, zone).minute == 0
            or local(end, zone).utcoffset() != local(start, zone).utcoffset()
        )
        assert QUARTER <= end - start <= HOUR


@given(st.datetimes(timezones=st.timezones()).filter(lambda moment: 1971 < moment.year < 9999))
def test_a_quarter_of_an_hour_holds_its_moment_and_is_the_same_in_every_zone(
    moment: datetime,
) -> None:
    quarter = quarter_of(moment)
    assert quarter <= moment.astimezone(UTC) < quarter + QUARTER
    assert quarter.tzinfo is UTC
    assert quarter.minute % 15 == quarter.second == quarter.microsecond == 0


def test_a_date_that_a_clock_never_showed_has_no_period() -> None:
    """Samoa went from the 29th to the 31st of December."""
    first = datetime.fromisoformat("2011-12-29")
    asked = span(first, datetime.fromisoformat("2012-01-01"), "day", "Pacific/Apia")
    assert [local(start, "Pacific/Apia").day for start in starts(asked)] == [29, 31]


def test_a_day_whose_midnight_was_skipped_begins_an_hour_later_and_the_next_at_midnight() -> None:
    """Chile moves its clock at midnight: from 00:00 straight to 01:00."""
    first = datetime.fromisoformat("2016-08-14")
    periods = span(first, first + timedelta(days=2), "day", "America/Santiago").periods()
    assert [end - start for start, end in periods] == [timedelta(hours=23), timedelta(hours=24)]
    assert [local(start, "America/Santiago").hour for start, _ in periods] == [1, 0]


def test_an_hour_whose_beginning_was_skipped_ends_where_the_local_clock_is_full() -> None:
    first = datetime.fromisoformat("2026-10-04T02:00")
    asked = span(first, first + timedelta(hours=2), "hour", "Australia/Lord_Howe")
    shown = [local(start, "Australia/Lord_Howe").isoformat()[11:16] for start in starts(asked)]
    assert shown == ["02:30", "03:00"]


def test_a_day_that_begins_in_the_morning_begins_there_on_both_sides_of_a_change() -> None:
    first = datetime.fromisoformat("2026-03-28T06:00")
    periods = span(first, first + timedelta(days=2), "day", "Europe/Berlin").periods()
    assert [end - start for start, end in periods] == [timedelta(hours=23), timedelta(hours=24)]
    assert [local(start, "Europe/Berlin").hour for start, _ in periods] == [6, 6]


def test_an_hour_that_the_clock_shows_twice_is_two_hours() -> None:
    first = datetime.fromisoformat("2026-10-25")
    asked = span(first, first + timedelta(hours=4), "hour", "Europe/Berlin")
    assert [local(start, "Europe/Berlin").hour for start, _ in asked.periods()] == [0, 1, 2, 2, 3]


def test_a_time_without_an_offset_needs_a_zone_and_one_with_it_is_a_moment_anywhere() -> None:
    naive = DAY.replace(tzinfo=None)
    with pytest.raises(Invalid):
        span(naive, naive + timedelta(days=1), "day")
    moment = span(DAY, DAY + timedelta(days=1), "day", "Asia/Kathmandu")
    assert moment.periods() == [(DAY, DAY + timedelta(days=1))]
    wall = span(naive, naive + timedelta(days=1), "day", "Asia/Kathmandu")
    assert wall.start == DAY - timedelta(hours=5, minutes=45)


@pytest.mark.parametrize("zone", ["", "Nowhere", "Europe", "../UTC", "/etc/localtime", "a\0b"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(Invalid):
        span(DAY, DAY + timedelta(days=1), "day", zone)


def test_a_change_of_the_clock_is_not_guessed_from_offsets() -> None:
    """From +01:00 to +02:00 is 23 hours; which zone that is, only its name says."""
    start = datetime.fromisoformat("2026-03-29T00:00:00+01:00")
    end = datetime.fromisoformat("2026-03-30T00:00:00+02:00")
    with pytest.raises(Invalid, match="zone="):
        span(start, end, "day")
    assert span(start, end, "day", "Europe/Berlin").periods() == [(start, end)]
