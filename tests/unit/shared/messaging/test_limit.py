"""When dead letters are too many."""

from datetime import timedelta

import pytest

from shared.messaging.dead_letters.limit import (
    Count,
    DeadLetterLimit,
    Processed,
    TooManyDeadLetters,
)
from tests.support.clock import FakeClock


class Group:
    """A group's count under a limit."""

    def __init__(self, limit: DeadLetterLimit, clock: FakeClock) -> None:
        self.limit, self.clock, self.count = limit, clock, Count(clock.now())

    def process(self, good: int, dead: int) -> None:
        self.count = self.limit.add(self.count, Processed(good, dead), self.clock.now())


def test_a_hundred_in_a_minute_pass_and_the_next_does_not(clock: FakeClock) -> None:
    group = Group(DeadLetterLimit(max_count=100, window=timedelta(seconds=60)), clock)
    group.process(1_000, 100)
    clock.advance(59)
    with pytest.raises(TooManyDeadLetters):
        group.process(1_000, 1)


def test_a_minute_later_there_is_room_again(clock: FakeClock) -> None:
    group = Group(DeadLetterLimit(max_count=100, window=timedelta(seconds=60)), clock)
    group.process(1_000, 100)
    clock.advance(60)
    group.process(1_000, 100)


def test_more_dead_than_alive_of_the_last_records_is_too_many(clock: FakeClock) -> None:
    group = Group(DeadLetterLimit(sample_size=10), clock)
    group.process(5, 5)
    with pytest.raises(TooManyDeadLetters):
        group.process(0, 1)


def test_however_slowly_they_come_more_dead_than_alive_is_too_many(clock: FakeClock) -> None:
    group = Group(DeadLetterLimit(sample_size=10), clock)
    group.process(1_000, 1)
    with pytest.raises(TooManyDeadLetters, match="of the last 10"):
        one_an_hour(group, 10)


def one_an_hour(group: Group, hours: int) -> None:
    for _ in range(hours):
        group.clock.advance(3_600)
        group.process(0, 1)


def test_a_few_records_say_nothing_about_half_of_them(clock: FakeClock) -> None:
    Group(DeadLetterLimit(sample_size=200), clock).process(0, 99)


def test_good_records_in_between_push_the_dead_ones_out(clock: FakeClock) -> None:
    group = Group(DeadLetterLimit(max_count=1_000, sample_size=10), clock)
    for _ in range(20):
        group.process(10, 5)


def test_what_is_too_much_is_not_counted(clock: FakeClock) -> None:
    group = Group(DeadLetterLimit(max_count=1), clock)
    for _ in range(5):
        with pytest.raises(TooManyDeadLetters):
            group.process(0, 2)
    group.process(0, 1)
