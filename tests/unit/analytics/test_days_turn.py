"""Sums at 0 are looked for a day at a time: every day has its turn, and no look reads more than a day."""

from datetime import UTC, datetime, timedelta

from services.analytics.application.commands.sweep_rollups import (
    STABLE_AFTER,
    TURN_SECONDS,
    days_turn,
)
from services.analytics.domain.calendar_periods import DAY

FIRST = datetime(2023, 6, 1, tzinfo=UTC)


def test_each_day_has_its_turn_once_in_as_many_turns_as_there_are_days() -> None:
    end = FIRST + timedelta(days=999, hours=5)
    turns = [
        days_turn(FIRST, end + STABLE_AFTER + turn * timedelta(seconds=TURN_SECONDS))
        for turn in range(1_000)
    ]
    assert sorted(start for start, _ in turns) == [FIRST + day * DAY for day in range(1_000)]
    assert {until - since for since, until in turns if until < end} == {DAY}


def test_periods_that_still_move_have_no_turn() -> None:
    now = FIRST + timedelta(hours=3)
    assert days_turn(FIRST, now) == (FIRST, now - STABLE_AFTER)
    since, until = days_turn(FIRST, FIRST + timedelta(hours=1))
    assert until < since
