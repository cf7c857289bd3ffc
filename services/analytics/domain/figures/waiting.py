"""How long people waited: for an agent, for a reply, in the queue, and against its target."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from services.analytics.domain.duration_buckets import bucket_of
from services.analytics.domain.facts import Fact, Queued
from services.analytics.domain.figures.definition import (
    FROM_RECEIVED,
    PEOPLE,
    RECEIVED,
    Definition,
    Part,
    measure,
)
from services.analytics.domain.figures.formulas import percentiles, share


@measure("time_to_assignment")
def time_to_assignment(fact: Fact) -> Iterator[Part]:
    """From the first word to the first agent who took the contact."""
    if fact.received and fact.assigned:
        yield _duration(fact.received.at, min(fact.assigned.values()))


@measure("first_response")
def first_response(fact: Fact) -> Iterator[Part]:
    """From the first word to the first reply of a person that the provider took over."""
    if fact.received and fact.replies_sent:
        yield _duration(fact.received.at, min(fact.replies_sent.values()))


@measure("wait")
def wait(fact: Fact) -> Iterator[Part]:
    """From the first queue to the first agent who took the contact."""
    if fact.queued and fact.assigned:
        yield _duration(min(fact.queued).at, min(fact.assigned.values()))


@measure("first_wait")
def first_wait(fact: Fact) -> Iterator[Part]:
    """How the wait in the first queue ended (answered, moved, waiting), and whether in time."""
    if fact.queued:
        entry, *later = sorted(fact.queued)
        answered = min(fact.assigned.values(), default=None)
        moved = later[0].at if later else None
        yield _end_of_wait(entry, answered, moved), 1


def _duration(start: datetime, end: datetime) -> tuple[str, int]:
    return str(bucket_of((end - start).total_seconds())), 1


def _end_of_wait(entry: Queued, answered: datetime | None, moved: datetime | None) -> str:
    ends = [(at, how) for at, how in ((answered, "answered"), (moved, "moved")) if at]
    if not ends:
        return "waiting"
    at, how = min(ends)
    in_time = at - entry.at <= timedelta(seconds=entry.target_seconds)
    return f"{how} {'in_time' if in_time else 'late'}"


DEFINITIONS = (
    Definition(
        id="time_to_assignment",
        version=1,
        title="Time to assignment",
        sentence="How long people waited from their first word until an agent took their contact.",
        formula="first assignment started − received, per contact that was ever assigned; p50, p95, p99",
        unit="seconds",
        measure=time_to_assignment,
        compute=percentiles,
        clock=FROM_RECEIVED,
    ),
    Definition(
        id="first_response",
        version=1,
        title="Time to first response",
        sentence="How long people waited for the first reply a person wrote to them.",
        formula="first reply taken over by its provider − received, per contact with such a reply;"
        " acknowledgements and check-ins are no replies; reopening does not restart it",
        unit="seconds",
        measure=first_response,
        compute=percentiles,
        clock=FROM_RECEIVED,
    ),
    Definition(
        id="wait",
        version=1,
        title="Wait in the queue",
        sentence="How long a contact stood in line before an agent took it.",
        formula="first assignment started − first queued, per contact that was ever assigned",
        unit="seconds",
        measure=wait,
        compute=percentiles,
        clock=f"{RECEIVED}; runs from the first queued_at, round the clock",
    ),
    Definition(
        id="service_level_answered",
        version=1,
        title="Service level, answered only",
        sentence="Of the contacts that were answered, the share answered within the queue's target.",
        formula="taken by an agent within the target ÷ taken by an agent; the target is the one the"
        " first queue had when the contact entered it",
        unit="share",
        measure=first_wait,
        compute=share(("answered in_time",), of=("answered in_time", "answered late")),
        filters=f"{PEOPLE}; contacts that left the first queue otherwise, or still wait, are left out",
    ),
    Definition(
        id="service_level_removed",
        version=1,
        title="Service level, removed from queue",
        sentence="Of all contacts that were queued, the share that left the queue within its target.",
        formula="left the first queue within the target, to an agent or to another queue ÷ queued;"
        " who still waits is in the denominator, so the newest hours rise until their waits are over",
        unit="share",
        measure=first_wait,
        compute=share(
            ("answered in_time", "moved in_time"),
            of=("answered in_time", "answered late", "moved in_time", "moved late", "waiting"),
        ),
    ),
)
