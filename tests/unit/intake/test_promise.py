"""What we promise, and what becomes of it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.promise import BEATEN_SHARE, FRESH, promised_time, settled
from shared.contracts.intake import PromiseBasis, PromiseOutcome
from shared.contracts.routing import QueueChanged
from tests.unit.intake.builders import NOON, RULE, a_forecast, a_queue

MINUTE = timedelta(minutes=1)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy wants them bare
waits = st.floats(0, 10**6)
targets = st.integers(1, 10**6)


@st.composite
def queues(draw: st.DrawFn, received_at: datetime) -> QueueChanged | None:
    age = draw(st.timedeltas(timedelta(seconds=-5), timedelta(hours=1)))
    forecast = draw(st.none() | waits.map(lambda wait: a_forecast(wait, received_at - age)))
    queue = a_queue(service_target_seconds=draw(targets), forecast=forecast)
    return draw(st.none() | st.just(queue))


@given(st.data(), moments)
def test_a_promise_is_a_full_minute_never_too_soon_and_never_more_than_a_minute_late(
    data: st.DataObject, received_at: datetime
) -> None:
    queue = data.draw(queues(received_at))
    due_at, basis = promised_time(received_at, queue, RULE)
    fresh = bool(queue and queue.forecast and received_at - queue.forecast.as_of < FRESH)
    assert basis is (PromiseBasis.FORECAST if fresh else PromiseBasis.TARGET)
    assert (due_at.second, due_at.microsecond) == (0, 0)
    assert due_at >= received_at + RULE.minimum
    wait = RULE.default_target
    if queue:
        wait = timedelta(seconds=queue.service_target_seconds)
    if queue and fresh and queue.forecast:
        wait = timedelta(seconds=queue.forecast.wait_seconds_p80)
    assert timedelta(0) <= due_at - (received_at + max(wait, RULE.minimum)) < MINUTE


@given(moments, st.timedeltas(MINUTE, timedelta(days=3)), st.floats(0, 2))
def test_the_outcome_follows_the_share_of_time_that_was_left(
    made_at: datetime, span: timedelta, share: float
) -> None:
    answered_at = made_at + span * share
    outcome = settled(made_at, made_at + span, answered_at)
    if answered_at > made_at + span:
        assert outcome is PromiseOutcome.BROKEN
    elif (made_at + span - answered_at) / span >= BEATEN_SHARE:
        assert outcome is PromiseOutcome.BEATEN
    else:
        assert outcome is PromiseOutcome.KEPT


@pytest.mark.parametrize(
    ("minutes", "outcome"),
    [
        (0, PromiseOutcome.BEATEN),
        (7.5, PromiseOutcome.BEATEN),
        (7.51, PromiseOutcome.KEPT),
        (10, PromiseOutcome.KEPT),
        (10.01, PromiseOutcome.BROKEN),
    ],
)
def test_of_ten_minutes_a_quarter_must_be_left(minutes: float, outcome: PromiseOutcome) -> None:
    assert settled(NOON, NOON + 10 * MINUTE, NOON + minutes * MINUTE) is outcome
