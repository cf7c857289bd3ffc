"""The Prometheus instruments, one for each metric of the names module."""

from collections.abc import Collection
from typing import TypeVar

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.metrics import MetricWrapperBase

from shared.observability import names
from shared.observability.kinds import Metric, said_by

Instrument = TypeVar("Instrument", bound=MetricWrapperBase)

disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's own gap
_MADE: list[tuple[Metric, MetricWrapperBase]] = []


def configure(*, service: str, role: str, parts: Collection[str] = ()) -> None:
    """Show what this process says, as a worker with these parts, and not the 0 of what others count."""
    for metric, instrument in _MADE:
        absent = metric.parts and not {*metric.parts}.intersection(parts)
        if absent or not said_by(metric, service, role):
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
http_connections_ended = _counter(names.HTTP_CONNECTIONS_ENDED)
database_wait = _histogram(names.DATABASE_WAIT)
jwks_age = _gauge(names.JWKS_AGE)

consumer_records = _counter(names.CONSUMER_RECORDS)
consumer_lag = _gauge(names.CONSUMER_LAG)
consumer_partitions = _gauge(names.CONSUMER_PARTITIONS)
consumer_rebalances = _counter(names.CONSUMER_REBALANCES)
consumer_paused = _gauge(names.CONSUMER_PAUSED)
consumer_retention_left = _gauge(names.CONSUMER_RETENTION_LEFT)
consumer_batch_records = _histogram(names.CONSUMER_BATCH_RECORDS)
consumer_batch_seconds = _histogram(names.CONSUMER_BATCH_SECONDS)
consumer_retries = _counter(names.CONSUMER_RETRIES)
dead_letters = _counter(names.DEAD_LETTERS)
broker_contact_age = _gauge(names.BROKER_CONTACT_AGE)

outbox_age = _gauge(names.OUTBOX_AGE)
outbox_held_age = _gauge(names.OUTBOX_HELD_AGE)
horizon_age = _gauge(names.HORIZON_AGE)
retention_oldest = _gauge(names.RETENTION_OLDEST)
retention_deleted = _counter(names.RETENTION_DELETED)
outbox_rows = _gauge(names.OUTBOX_ROWS)
outbox_bytes = _gauge(names.OUTBOX_BYTES)
relay_leading = _gauge(names.RELAY_LEADING)
outbox_published = _counter(names.OUTBOX_PUBLISHED)
relay_batch_records = _histogram(names.RELAY_BATCH_RECORDS)
relay_batch_seconds = _histogram(names.RELAY_BATCH_SECONDS)

intake_received = _counter(names.INTAKE_RECEIVED)
intake_stored = _counter(names.INTAKE_STORED)
intake_quarantined = _counter(names.INTAKE_QUARANTINED)
intake_deduplicated = _counter(names.INTAKE_DEDUPLICATED)
intake_unreadable_mails = _counter(names.INTAKE_UNREADABLE_MAILS)
intake_submissions_waiting = _gauge(names.INTAKE_SUBMISSIONS_WAITING)
intake_smtp_refusals = _counter(names.INTAKE_SMTP_REFUSALS)
intake_quarantine_waiting = _gauge(names.INTAKE_QUARANTINE_WAITING)
intake_messages_queued = _gauge(names.INTAKE_MESSAGES_QUEUED)
intake_messages_oldest = _gauge(names.INTAKE_MESSAGES_OLDEST)
intake_deliveries = _counter(names.INTAKE_DELIVERIES)
intake_quarantine_overflow = _counter(names.INTAKE_QUARANTINE_OVERFLOW)
intake_orphans_deleted = _counter(names.INTAKE_ORPHANS_DELETED)

offers = _counter(names.OFFERS)
time_to_offer = _histogram(names.TIME_TO_OFFER)
contacts_unplaced = _gauge(names.CONTACTS_UNPLACED)
contacts_waiting = _gauge(names.CONTACTS_WAITING)
contacts_oldest_wait = _gauge(names.CONTACTS_OLDEST_WAIT)
match_pass_seconds = _histogram(names.MATCH_PASS_SECONDS)
contacts_declined = _gauge(names.CONTACTS_DECLINED)
promises_at_risk = _gauge(names.PROMISES_AT_RISK)
promises_settled = _counter(names.PROMISES_SETTLED)
check_ins = _counter(names.CHECK_INS)
timer_lateness = _histogram(names.TIMER_LATENESS)
figures_age = _gauge(names.FIGURES_AGE)
figures_delay = _histogram(names.FIGURES_DELAY)
recount_contacts = _gauge(names.RECOUNT_CONTACTS)
