"""Log buckets: true to 1 %, and indifferent to the order in which they are added up."""

import math
from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.analytics.domain.duration_buckets import ACCURACY, bucket_of, quantile, seconds_of

durations = st.floats(0.001, 31_536_000)
shares = st.floats(0.01, 1.0)


@given(durations)
def test_a_duration_is_read_back_within_one_percent(seconds: float) -> None:
    read = seconds_of(bucket_of(seconds))
    assert abs(read - seconds) <= ACCURACY * seconds * (1 + 1e-9) + (
        0.001 if seconds <= 0.001 else 0
    )


@given(durations, durations)
def test_a_longer_duration_is_never_in_a_lower_bucket(one: float, other: float) -> None:
    shorter, longer = sorted((one, other))
    assert bucket_of(shorter) <= bucket_of(longer)


@given(st.floats(max_value=0.001, allow_nan=False))
def test_clocks_that_disagree_count_as_no_time_at_all(seconds: float) -> None:
    assert seconds_of(bucket_of(seconds)) == 0.0


@given(st.lists(durations, min_size=1), shares)
def test_a_quantile_is_within_one_percent_of_the_exact_one(
    values: list[float], share: float
) -> None:
    exact = sorted(values)[max(1, math.ceil(share * len(values))) - 1]
    found = quantile(Counter(map(bucket_of, values)), share)
    assert found is not None
    assert abs(found - exact) <= ACCURACY * exact * (1 + 1e-9) + 0.001


@given(st.lists(st.lists(durations)), st.randoms(use_true_random=False), shares)
def test_the_order_of_merging_changes_nothing(
    parts: list[list[float]], random: Random, share: float
) -> None:
    whole = Counter(bucket_of(value) for part in parts for value in part)
    counters = [Counter(map(bucket_of, part)) for part in parts]
    random.shuffle(counters)
    merged: Counter[int] = Counter()
    for counter in counters:
        merged.update(counter)
    assert merged == whole
    assert quantile(merged, share) == quantile(whole, share)


def test_nothing_has_no_quantile() -> None:
    assert quantile({}, 0.5) is None
