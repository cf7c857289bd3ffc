"""The Prometheus instruments, one for each metric of the names module."""

from collections.abc import Collection
from typing import TypeVar

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.metrics import MetricWrapperBase

from shared.observability import names
from shared.observability.names import Metric

Instrument = TypeVar("Instrument", bound=MetricWrapperBase)

disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's own gap
_MADE: list[tuple[Metric, MetricWrapperBase]] = []


def configure(*, service: str, role: str, parts: Collection[str] = ()) -> None:
    """Show what this process says, as a worker with these parts, and not the 0 of what others count."""
    for metric, instrument in _MADE:
        absent = metric.parts and not {*metric.parts}.intersection(parts)
        if absent or not names.said_by(metric, service, role):
            REGISTRY.unregister(instrument)


def _made(metric: Metric, instrument: Instrument) -> Instrument:
    _MADE.append((metric, instrument))
    return instrument


def _counter(metric: Metric) -> Counter:
    return _made(metric, Counter(metric.name, metric.help, metric.labels))


def _gauge(metric: Metric) -> Gauge:
    return _made(metric, Gauge(metric.name, metric.help, metric.labels))


def _histogram(metric: Metric) -> Histogram:
    buckets = metric.buckets
    return _made(metric, Histogram(metric.name, metric.help, metric.labels, buckets=buckets))


http_requests = _counter(names.HTTP_REQUESTS)
http_seconds = _histogram(names.HTTP_SECONDS)
http_streams = _gauge(names.HTTP_STREAMS)

consumer_records = _counter(names.CONSUMER_RECORDS)
consumer_lag = _gauge(names.CONSUMER_LAG)
consumer_batch_records = _histogram(names.CONSUMER_BATCH_RECORDS)
consumer_batch_seconds = _histogram(names.CONSUMER_BATCH_SECONDS)
consumer_retries = _counter(names.CONSUMER_RETRIES)
dead_letters = _counter(names.DEAD_LETTERS)
broker_contact_age = _gauge(names.BROKER_CONTACT_AGE)

outbox_age = _gauge(names.OUTBOX_AGE)
outbox_held_age = _gauge(names.OUTBOX_HELD_AGE)
retention_oldest = _gauge(names.RETENTION_OLDEST)
retention_deleted = _counter(names.RETENTION_DELETED)
relay_leading = _gauge(names.RELAY_LEADING)
outbox_published = _counter(names.OUTBOX_PUBLISHED)
relay_batch_records = _histogram(names.RELAY_BATCH_RECORDS)
relay_batch_seconds = _histogram(names.RELAY_BATCH_SECONDS)

intake_received = _counter(names.INTAKE_RECEIVED)
intake_stored = _counter(names.INTAKE_STORED)
intake_quarantined = _counter(names.INTAKE_QUARANTINED)
intake_deduplicated = _counter(names.INTAKE_DEDUPLICATED)
intake_unreadable_mails = _counter(names.INTAKE_UNREADABLE_MAILS)
intake_quarantine_overflow = _counter(names.INTAKE_QUARANTINE_OVERFLOW)

offers = _counter(names.OFFERS)
contacts_waiting = _gauge(names.CONTACTS_WAITING)
contacts_declined = _gauge(names.CONTACTS_DECLINED)
promises_at_risk = _gauge(names.PROMISES_AT_RISK)
promises_settled = _counter(names.PROMISES_SETTLED)
check_ins = _counter(names.CHECK_INS)
timer_lateness = _histogram(names.TIMER_LATENESS)
figures_age = _gauge(names.FIGURES_AGE)
