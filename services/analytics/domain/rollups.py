"""The sums: what a fact contributes to which, and how a changed fact moves them.

A contact stands in one cell: the hour it was received, the first queue it waited in, its channel.
While it is not known to be received it adds nothing, because its hour is not known; while no queue
is known it stands under `-`, so that what routing has not touched yet is seen and not missed.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeAlias

from services.analytics.domain.definitions import DEFINITIONS
from services.analytics.domain.facts import Fact
from services.analytics.domain.measures import Measure, contacts

NOT_QUEUED = "-"
Key: TypeAlias = tuple[datetime, str, str, str, str]
"""Where a sum stands: period start (a full hour, UTC), queue, channel, measure, bucket."""
Sums: TypeAlias = dict[Key, int]
"""Sums add up key by key; a key that is missing stands for 0."""
MEASURES = tuple({definition.measure: None for definition in DEFINITIONS})


def contributions(fact: Fact, counted: Iterable[Measure] = MEASURES) -> Sums:
    """Everything one contact adds; automatic mail is counted as received and as nothing else."""
    sums: Sums = {}
    if fact.received is None:
        return sums
    hour = fact.received.at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    queue_id = min(fact.queued).queue_id if fact.queued else NOT_QUEUED
    for measure in (contacts,) if fact.received.automatic else counted:
        for bucket, amount in measure(fact):
            key = (hour, queue_id, fact.received.channel, measure.__name__, bucket)
            sums[key] = sums.get(key, 0) + amount
    return sums


def add_change(sums: Sums, before: Fact, after: Fact) -> None:
    """Add to `sums` what has to be added everywhere when `before` has grown to `after`."""
    for key, amount in contributions(after).items():
        sums[key] = sums.get(key, 0) + amount
    for key, amount in contributions(before).items():
        sums[key] = sums.get(key, 0) - amount
