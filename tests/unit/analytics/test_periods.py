"""What can be asked, and what is nonsense."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.analytics.domain.periods import MAX_PERIODS, span
from shared.kernel.errors import Invalid

DAY = datetime(2026, 3, 2, tzinfo=UTC)


def test_a_day_of_hours() -> None:
    starts = span(DAY, DAY + timedelta(days=1), "hour").starts()
    assert starts == [DAY + timedelta(hours=hour) for hour in range(24)]


def test_days_begin_where_the_question_begins() -> None:
    berlin = DAY.replace(tzinfo=timezone(timedelta(hours=1)))
    starts = span(berlin, berlin + timedelta(days=2), "day").starts()
    assert starts == [DAY - timedelta(hours=1), DAY + timedelta(hours=23)]


def test_the_total_is_one_period_of_any_length() -> None:
    assert span(DAY, DAY + timedelta(days=3_650, hours=1), "total").starts() == [DAY]


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
