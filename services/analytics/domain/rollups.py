"""The sums: what a fact contributes to which, and how a changed fact moves them.

A contact stands in one cell: the quarter of an hour it was received in, the first queue it waited
in, its channel. While it is not known to be received it adds nothing, because its quarter is not
known; while no queue is known it stands under `-`, so that what routing has not touched yet is seen
and not missed.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeAlias

from services.analytics.domain.calendar_periods import quarter_of
from services.analytics.domain.facts import NOTHING, Fact
from services.analytics.domain.figures.definition import Measure, Part
from services.analytics.domain.figures.registry import MEASURES

NOT_QUEUED = "-"
Cell: TypeAlias = tuple[datetime, str, str]
Key: TypeAlias = tuple[datetime, str, str, str, str]
"""Where a sum stands: its quarter of an hour in UTC, queue, channel, measure, bucket."""
Sums: TypeAlias = dict[Key, int]
"""Sums add up key by key; a key that is missing stands for 0."""
NOWHERE: Cell = (datetime.min.replace(tzinfo=UTC), NOT_QUEUED, "")


def contributions(fact: Fact) -> Sums:
    """Everything one contact adds; zeros are left out."""
    sums: Sums = {}
    add_change(sums, NOTHING, fact)
    return sums


def add_change(sums: Sums, before: Fact, after: Fact) -> None:
    """Add to `sums` what has to be added everywhere when `before` has grown to `after`.

    Most growth touches few measures; those that say the same as before are passed over.
    """
    old_cell, new_cell = _cell(before), _cell(after)
    for measure, old, new in zip(MEASURES, _counts(before), _counts(after), strict=True):
        if old != new or old_cell != new_cell:
            _add(sums, new_cell, measure, new, 1)
            _add(sums, old_cell, measure, old, -1)


def _cell(fact: Fact) -> Cell:
    if fact.received is None:
        return NOWHERE
    queue_id = min(fact.queued).queue_id if fact.queued else NOT_QUEUED
    return quarter_of(fact.received.at), queue_id, fact.received.channel


def _counts(fact: Fact) -> list[list[Part]]:
    """What each measure says; automatic mail is counted as received and as nothing else."""
    if fact.received is None:
        return [[]] * len(MEASURES)
    if fact.received.automatic:
        return [list(each.sort(fact)) if each.of_automatic else [] for each in MEASURES]
    return [list(each.sort(fact)) for each in MEASURES]


def _add(sums: Sums, cell: Cell, measure: Measure, counts: Iterable[Part], sign: int) -> None:
    for bucket, amount in counts:
        key = (*cell, measure.id, bucket)
        sums[key] = sums.get(key, 0) + sign * amount
