"""When a mail is tried again, when it is given up, and what that makes of it."""

from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.delivery import (
    Deferred,
    Delivered,
    DeliveryOutcome,
    DeliveryState,
    Refused,
    RetryPolicy,
    outcome_row,
    retry_delay,
)
from tests.unit.intake.builders import NOON

RETRY = RetryPolicy(first=timedelta(seconds=5), longest=timedelta(hours=1), attempts=20)
OUTCOMES = st.sampled_from([Delivered(), Refused("no"), Deferred("later")])


@given(st.integers(1, 100), st.floats(0, 1))
def test_waits_grow_to_a_limit_and_end(attempt: int, jitter: float) -> None:
    wait = retry_delay(attempt, RETRY, jitter)
    if attempt >= RETRY.attempts:
        assert wait is None
        return
    assert wait is not None
    assert RETRY.first / 2 <= wait <= RETRY.longest
    longer = retry_delay(min(attempt + 1, RETRY.attempts - 1), RETRY, jitter)
    assert longer is not None
    assert longer >= wait


@given(st.integers(1, 30), OUTCOMES, st.floats(0, 1))
def test_an_outcome_is_final_or_has_a_next_time(
    attempt: int, outcome: DeliveryOutcome, jitter: float
) -> None:
    row = outcome_row(UUID(int=1), attempt, outcome, now=NOON, retry=RETRY, jitter=jitter)
    queued = row.state is DeliveryState.QUEUED
    assert queued == (row.next_attempt_at is not None) == (row.settled_at is None)
    assert (row.state is DeliveryState.FAILED) == (row.reason is not None)
    assert (row.state is DeliveryState.SENT) == isinstance(outcome, Delivered)
    assert not (queued and isinstance(outcome, Refused))
