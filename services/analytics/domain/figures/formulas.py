"""From the sums of one measure to the values of a figure. Where nothing was counted: null, not 0."""

from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias

import msgspec

from services.analytics.domain.duration_buckets import quantile

Counts: TypeAlias = Mapping[str, int]
Value: TypeAlias = float | int | None


class Result(msgspec.Struct, frozen=True):
    """The values of one figure and `n`, the number of things they rest on."""

    n: int
    values: dict[str, Value]


Formula: TypeAlias = Callable[[Counts], Result]
PERCENTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
SATISFIED = ("4", "5")
ACTIONS = "actions"
"""The label under which `amounts` finds how many things have an amount."""


def parts(*labels: str) -> Formula:
    """How many stand under each label; n is how many there are."""

    def formula(counts: Counts) -> Result:
        n = sum(counts.values())
        return Result(n, {_name(label): _known(counts.get(label, 0), n) for label in labels})

    return formula


def share(part: Collection[str], *, of: Collection[str]) -> Formula:
    """`part` ÷ `of`; n is the size of `of`."""

    def formula(counts: Counts) -> Result:
        n = _sum(counts, of)
        return Result(n, {"share": _ratio(_sum(counts, part), n)})

    return formula


def covered_share(
    part: Collection[str], *, of: Collection[str], coverage_of: Collection[str]
) -> Formula:
    """A share together with its coverage: `of` ÷ `coverage_of`, how much of the whole it speaks for."""

    def formula(counts: Counts) -> Result:
        result = share(part, of=of)(counts)
        coverage = _ratio(result.n, _sum(counts, coverage_of))
        return Result(result.n, {**result.values, "coverage": coverage})

    return formula


def percentiles(counts: Counts) -> Result:
    """p50, p95 and p99 in seconds, true to 1 %, from log buckets."""
    buckets = {int(bucket): n for bucket, n in counts.items()}
    found = {name: quantile(buckets, wanted) for name, wanted in PERCENTILES.items()}
    return Result(sum(counts.values()), {name: _rounded(value) for name, value in found.items()})


def top_two(counts: Counts) -> Result:
    """The share of scores 4 and 5 among all scores."""
    return share(SATISFIED, of=counts)(counts)


def mean(counts: Counts) -> Result:
    """The mean score."""
    n = sum(counts.values())
    total = sum(int(score) * times for score, times in counts.items())
    return Result(n, {"mean": _ratio(total, n)})


def amounts(counts: Counts) -> Result:
    """The sum under each label, for unlike currencies do not add up; n is the number of `ACTIONS`."""
    sums = {label: total for label, total in sorted(counts.items()) if label != ACTIONS}
    return Result(counts.get(ACTIONS, 0), {_name(label): total for label, total in sums.items()})


def _sum(counts: Counts, labels: Collection[str]) -> int:
    return sum(counts.get(label, 0) for label in labels)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _name(label: str) -> str:
    return label.replace(" ", "_")


def _known(value: int, n: int) -> int | None:
    return value if n else None
