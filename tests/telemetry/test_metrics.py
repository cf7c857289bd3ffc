"""Each process shows the metrics it is documented to show, with the values of what happened."""

from uuid import UUID

import pytest

from deploy.local.platform import API, SERVICES, WORKER
from shared.contracts.cloudevents import decode
from shared.contracts.intake import ContactReceived, MessageReceived
from shared.contracts.record import Record
from shared.contracts.topics import ANALYTICS, CONTACTS, FOLLOWUP, INTAKE, ROUTING
from shared.observability import names
from shared.observability.kinds import Metric, said_by
from tests.telemetry.scene import Process, Telemetry

PROCESSES = [(service, role) for service in SERVICES for role in (API, WORKER)]
OF_PYTHON = ("python_info", "python_gc_", "process_")
"""What the library shows of every Python process."""
ONCE_AMISS = {
    names.CONSUMER_RETRIES: {(INTAKE, WORKER)},
    names.INTAKE_DEDUPLICATED: {(INTAKE, API), (INTAKE, WORKER)},
    names.DEAD_LETTERS: {(service, WORKER) for service in SERVICES},
}
"""Metrics that a process shows once something was amiss in it, and where something was."""
IN, ROUTED, FOLLOWED = (INTAKE, WORKER), (ROUTING, WORKER), (FOLLOWUP, WORKER)


def family(name: str) -> str:
    for suffix in ("_bucket", "_count", "_sum"):
        name = name.removesuffix(suffix)
    return name


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_shows_the_metrics_it_is_documented_to_show(
    telemetry: Telemetry, process: Process
) -> None:
    shown = {family(sample.name) for sample in telemetry.samples(process)}
    wanted = {metric.name for metric in names.METRICS if _expected(metric, process)}
    assert {name for name in shown if not name.startswith(OF_PYTHON)} == wanted


def _expected(metric: Metric, process: Process) -> bool:
    return said_by(metric, *process) and process in ONCE_AMISS.get(metric, PROCESSES)


@pytest.mark.parametrize("process", PROCESSES)
def test_a_metric_has_the_labels_it_is_documented_to_have(
    telemetry: Telemetry, process: Process
) -> None:
    labels = {metric.name: set(metric.labels) for metric in names.METRICS}
    for sample in telemetry.samples(process):
        if family(sample.name) in labels:
            assert sample.labels.keys() - {"le"} == labels[family(sample.name)]


def test_what_was_received_is_stored_quarantined_or_deduplicated(telemetry: Telemetry) -> None:
    for channel, account in telemetry.accounts.items():
        counted = {
            name: _counted(telemetry, name, channel)
            for name in ("received", "stored", "quarantined", "deduplicated")
        }
        assert counted == account
        assert account["stored"] == len(published_by_intake(telemetry, channel)), channel
    assert telemetry.accounts["email"]["deduplicated"]
    assert telemetry.accounts["email"]["quarantined"]
    assert telemetry.accounts["web"]["deduplicated"]


def published_by_intake(telemetry: Telemetry, channel: str) -> set[UUID]:
    """The messages that intake published."""
    events = [decode(record) for record in telemetry.records[CONTACTS.name] if well_formed(record)]
    received = [
        one.data for one in events if isinstance(one.data, ContactReceived | MessageReceived)
    ]
    return {each.message_id for each in received if each.channel == channel}


def well_formed(record: Record) -> bool:
    """Some records on our topics are none of ours, on purpose."""
    return b'"source":"rapport/intake"' in (record.value or b"")


def _counted(telemetry: Telemetry, what: str, channel: str) -> float:
    name = f"rapport_intake_{what}_total"
    return sum(telemetry.value((INTAKE, role), name, channel=channel) for role in (API, WORKER))


def test_nothing_waits_for_long_at_rest(telemetry: Telemetry) -> None:
    """But for the forecasts, which routing goes on publishing to intake."""
    for service in SERVICES:
        assert telemetry.value((service, WORKER), "rapport_consumer_lag_records") < 5
        assert telemetry.value((service, WORKER), "rapport_outbox_age_seconds") < 5
        assert telemetry.value((service, WORKER), "rapport_broker_contact_age_seconds") < 30


@pytest.mark.parametrize("service", SERVICES)
def test_batches_have_a_size_and_a_time(telemetry: Telemetry, service: str) -> None:
    worker = (service, WORKER)
    for kind in ("consumer", "relay"):
        batches = telemetry.value(worker, f"rapport_{kind}_batch_records_count")
        assert 0 < batches <= telemetry.value(worker, f"rapport_{kind}_batch_records_sum")
        assert telemetry.value(worker, f"rapport_{kind}_batch_seconds_count") == batches


@pytest.mark.parametrize("service", SERVICES)
def test_each_dead_letter_is_counted(telemetry: Telemetry, service: str) -> None:
    worker, topic = (service, WORKER), f"rapport.{service}.dead-letters"
    there = len(telemetry.records[topic])
    assert there
    assert telemetry.value(worker, "rapport_dead_letters_total") == there
    assert (
        telemetry.value(worker, "rapport_consumer_records_total", outcome="dead_lettered") == there
    )


def test_records_are_counted_by_what_became_of_them(telemetry: Telemetry) -> None:
    for outcome in ("handled", "duplicate", "unwanted", "quarantined", "dead_lettered"):
        records = [
            telemetry.value((service, WORKER), "rapport_consumer_records_total", outcome=outcome)
            for service in SERVICES
        ]
        assert any(records), outcome


def test_offers_promises_and_check_ins_are_counted_by_what_became_of_them(
    telemetry: Telemetry,
) -> None:
    def of(service: str, name: str, outcome: str) -> float:
        return sum(
            telemetry.value((service, role), name, outcome=outcome) for role in (API, WORKER)
        )

    offers = {each: of(ROUTING, "rapport_offers_total", each) for each in OFFERS}
    assert offers["made"] == sum(offers.values()) / 2  # at rest, none is open
    assert all(offers.values())
    assert of(INTAKE, "rapport_promises_settled_total", "broken") >= 2
    assert of(INTAKE, "rapport_promises_settled_total", "beaten") >= 4
    check_ins = {each: of(FOLLOWUP, "rapport_check_ins_total", each) for each in CHECK_INS}
    assert check_ins["answered"] == 4
    assert check_ins["unanswered"] == 1
    assert check_ins["planned"] >= check_ins["sent"] >= 5


OFFERS = ("made", "accepted", "declined", "expired", "withdrawn")
CHECK_INS = ("planned", "sent", "answered", "unanswered")


@pytest.mark.parametrize(
    ("process", "timer"),
    [(IN, "promise"), (ROUTED, "offer"), (FOLLOWED, "ask"), (FOLLOWED, "close")],
)
def test_due_work_shows_how_late_it_was(telemetry: Telemetry, process: Process, timer: str) -> None:
    late = "rapport_timer_lateness_seconds_{}"
    count = telemetry.value(process, late.format("count"), timer=timer)
    assert count
    assert 0 <= telemetry.value(process, late.format("sum"), timer=timer) / count < 30


def test_what_waits_and_what_is_fresh_is_shown(telemetry: Telemetry) -> None:
    assert telemetry.value(ROUTED, "rapport_contacts_waiting") > 0
    assert telemetry.value(ROUTED, "rapport_contacts_oldest_wait_seconds") > 0
    assert telemetry.value((ANALYTICS, WORKER), "rapport_figures_age_seconds") > 0
