"""Durations in log buckets: counts that add up in any order, with quantiles true to 1 %.

Bucket 0 holds everything up to a millisecond; bucket `i` reaches from `GROWTH**(i-1)` to
`GROWTH**i` milliseconds and is read as the value whose relative distance to both ends is ACCURACY.
"""

import math
from collections.abc import Mapping

ACCURACY = 0.01
GROWTH = (1 + ACCURACY) / (1 - ACCURACY)
_PER_BUCKET = 1 / math.log(GROWTH)


def bucket_of(seconds: float) -> int:
    """The bucket of a duration; what is negative (two machines' clocks) counts as none at all."""
    milliseconds = seconds * 1000
    return max(0, math.ceil(math.log(milliseconds) * _PER_BUCKET)) if milliseconds > 1 else 0


def seconds_of(bucket: int) -> float:
    """The duration a bucket is read as, in seconds: within 1 % of all it holds (bucket 0: 1 ms)."""
    return 2 * GROWTH**bucket / (1 + GROWTH) / 1000 if bucket else 0.0


def quantile(counts: Mapping[int, int], share: float) -> float | None:
    """The smallest duration that at least this share of values does not exceed; None of none."""
    wanted = max(1, math.ceil(share * sum(counts.values())))
    for bucket in sorted(counts):
        wanted -= counts[bucket]
        if wanted <= 0:
            return seconds_of(bucket)
    return None
