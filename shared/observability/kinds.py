"""What a metric, a span and a span attribute are, and which process says one."""

from enum import StrEnum
from typing import Literal, NamedTuple

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""What an objective promises (0.3, 2, 5) is the end of a bucket: else nobody could tell whether it was kept."""
SIZES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)


class WorkerPart(StrEnum):
    """What a worker consists of, and an operator may run apart."""

    DELIVERY = "delivery"
    JOBS = "jobs"
    CONSUMERS = "consumers"
    RELAY = "relay"


class Metric(NamedTuple):
    """A Prometheus metric. Label values come from short, closed lists; never from people.

    `parts`: a worker shows it only where it runs one of them; empty: always.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    by: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = SECONDS
    parts: tuple[WorkerPart, ...] = ()


class SpanName(NamedTuple):
    """A kind of span; the name on the wire may carry a route template behind it."""

    name: str
    help: str
    by: str


class Attribute(NamedTuple):
    """What a span may carry. `keyword` is how code says it; anything else is not recorded."""

    keyword: str
    name: str
    help: str


def said_by(what: Metric | SpanName, service: str, role: str) -> bool:
    """Whether a process says it: `by` names a service, a role or both, or several such."""
    return any({service, role}.issuperset(who.split()) for who in what.by.split(","))
