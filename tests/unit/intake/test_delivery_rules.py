"""When a mail is tried again, when it is given up, and what that makes of it."""

from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.delivery import (
    Delivered,
    DeliveryState,
    PutOff,
    Refused,
    Result,
    Retry,
    end_of,
    pause,
)
from tests.unit.intake.builders import NOON

RETRY = Retry(first=timedelta(seconds=5), longest=timedelta(hours=1), attempts=20)
RESULTS = st.sampled_from([Delivered(), Refused("no"), PutOff("later")])


@given(st.integers(1, 100), st.floats(0, 1))
def test_waits_grow_to_a_limit_and_end(attempt: int, jitter: float) -> None:
    wait = pause(attempt, RETRY, jitter)
    if attempt >= RETRY.attempts:
        assert wait is None
        return
    assert wait is not None
    assert RETRY.first / 2 <= wait <= RETRY.longest
    longer = pause(min(attempt + 1, RETRY.attempts - 1), RETRY, jitter)
    assert longer is not None
    assert longer >= wait


@given(st.integers(1, 30), RESULTS, st.floats(0, 1))
def test_an_end_is_final_or_has_a_next_time(attempt: int, result: Result, jitter: float) -> None:
    end = end_of(UUID(int=1), attempt, result, now=NOON, retry=RETRY, jitter=jitter)
    queued = end.state is DeliveryState.QUEUED
    assert queued == (end.next_attempt_at is not None) == (end.settled_at is None)
    assert (end.state is DeliveryState.FAILED) == (end.reason is not None)
    assert (end.state is DeliveryState.SENT) == isinstance(result, Delivered)
    assert not (queued and isinstance(result, Refused))
