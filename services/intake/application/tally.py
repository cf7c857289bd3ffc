"""The tally: what came in is stored, quarantined or deduplicated, and nothing else."""

from collections import Counter
from collections.abc import Iterable, Sequence

from services.intake.adapters.db import tally
from services.intake.adapters.db.tally import Column, Counted
from services.intake.domain.arrival import Accepted, Arrival, Deduplicated, Outcome
from shared.database.database import Tx, once_committed
from shared.observability import metrics

_METRICS = {
    Column.STORED: metrics.intake_stored,
    Column.QUARANTINED: metrics.intake_quarantined,
    Column.DEDUPLICATED: metrics.intake_deduplicated,
}
_COLUMNS = {Accepted: Column.STORED, Deduplicated: Column.DEDUPLICATED}


def column_of(outcome: Outcome) -> Column | None:
    """Where an outcome is counted; None for what was refused and so was not received."""
    return _COLUMNS.get(type(outcome))


async def count(tx: Tx, arrivals: Sequence[Arrival], outcomes: Sequence[Outcome]) -> None:
    """Count a set of arrivals as received, in the transaction that stores them."""
    pairs = zip(arrivals, map(column_of, outcomes), strict=True)
    await record(tx, Counter((arrival.channel, column) for arrival, column in pairs if column))


async def count_repeats(tx: Tx, channels: Iterable[str]) -> None:
    """Count one message more as received and deduplicated for each of these channels."""
    await record(tx, Counter((channel, Column.DEDUPLICATED) for channel in channels))


async def record(tx: Tx, received: Counter[Counted]) -> None:
    """Count what was received, by channel and by what became of it."""
    await tally.add(tx, received)
    once_committed(_show, received)


def _show(received: Counter[Counted]) -> None:
    for (channel, column), amount in received.items():
        metrics.intake_received.labels(channel).inc(amount)
        _METRICS[column].labels(channel).inc(amount)
