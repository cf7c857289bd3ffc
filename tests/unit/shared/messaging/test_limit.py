"""When dead letters are too many."""

from datetime import timedelta

import pytest

from shared.messaging.dead_letters.limit import DeadLetterLimit, TooManyDeadLetters
from tests.support.clock import FakeClock


def take(limit: DeadLetterLimit, good: int, dead: int, clock: FakeClock) -> None:
    limit.check(good, dead, clock.now())
    limit.add(good, dead, clock.now())


def test_a_hundred_in_a_minute_pass_and_the_next_does_not(clock: FakeClock) -> None:
    limit = DeadLetterLimit(max_count=100, window=timedelta(seconds=60))
    take(limit, 1_000, 100, clock)
    with pytest.raises(TooManyDeadLetters):
        take(limit, 1_000, 1, clock)


def test_a_minute_later_there_is_room_again(clock: FakeClock) -> None:
    limit = DeadLetterLimit(max_count=100, window=timedelta(seconds=60))
    take(limit, 1_000, 100, clock)
    clock.advance(60)
    take(limit, 1_000, 100, clock)


def test_more_dead_than_alive_of_the_last_records_is_too_many(clock: FakeClock) -> None:
    limit = DeadLetterLimit(sample_size=10)
    take(limit, 5, 5, clock)
    with pytest.raises(TooManyDeadLetters):
        take(limit, 0, 1, clock)


def test_a_few_records_say_nothing_about_half_of_them(clock: FakeClock) -> None:
    take(DeadLetterLimit(sample_size=200), 0, 99, clock)


def test_good_records_are_never_refused(clock: FakeClock) -> None:
    limit = DeadLetterLimit(max_count=1, sample_size=4)
    limit.add(0, 50, clock.now())
    take(limit, 1, 0, clock)


def test_asking_alone_counts_nothing(clock: FakeClock) -> None:
    limit = DeadLetterLimit(max_count=1)
    for _ in range(5):
        limit.check(0, 1, clock.now())
