"""The dashboard of a service: what every service has, then what is its own."""

from collections.abc import Iterator, Mapping

from tools.dashboards.grafana import Panel, Row
from tools.dashboards.panels import RATE, most, per_second, quantiles, slowest, together


def rows(service: str) -> Iterator[Row]:
    """Traffic, errors, latency and saturation, and then its own."""
    among = f'service="{service}"'
    yield Row("Traffic", [*_traffic(among)])
    yield Row("Errors", [*_errors(among)])
    yield Row("Latency", [*_latency(among)])
    yield Row("Saturation: what waits", [*_waiting(among)])
    yield Row("Saturation: what is used", [*_used(among)])
    yield from (Row(title, panels) for title, panels in OWN[service].items())


def _traffic(among: str) -> Iterator[Panel]:
    yield per_second("Requests", "rapport_http_requests_total", "route", among)
    yield per_second("Records taken", "rapport_consumer_records_total", "topic", among)
    yield per_second("Events published", "rapport_outbox_published_total", "topic", among)


def _errors(among: str) -> Iterator[Panel]:
    failed = f'{among},status=~"[45].."'
    yield per_second("Refused or failed", "rapport_http_requests_total", "status", failed)
    yield per_second("Batches tried again", "rapport_consumer_retries_total", "kind", among)
    yield per_second("Dead letters", "rapport_dead_letters_total", "topic", among)
    yield per_second(
        "Connections ended on a slow other side",
        "rapport_http_connections_ended_total",
        "reason",
        among,
    )


def _latency(among: str) -> Iterator[Panel]:
    yield quantiles("Requests", "rapport_http_request_seconds", among)
    yield quantiles("Batches taken", "rapport_consumer_batch_seconds", among)
    yield quantiles("Rounds of the relay", "rapport_relay_batch_seconds", among)
    yield slowest("Late after its time", "rapport_timer_lateness_seconds", "timer", among)


def _waiting(among: str) -> Iterator[Panel]:
    yield together("Records not read", "rapport_consumer_lag_records", "topic", among)
    yield most("Oldest event not published", "s", "rapport_outbox_age_seconds", "service", among)
    yield most("A topic that takes nothing", "s", "rapport_outbox_held_age_seconds", "topic", among)
    yield slowest("For a connection", "rapport_database_wait_seconds", "part", among)


def _used(among: str) -> Iterator[Panel]:
    cores = f"sum by (part) (rate(process_cpu_seconds_total{{{among}}}[{RATE}]))"
    yield Panel("Processor time, in cores", "none", {"{{part}}": cores})
    yield most("Memory of the largest", "bytes", "process_resident_memory_bytes", "part", among)
    yield together("Processes", "up", "part", among)
    yield together("Partitions", "rapport_consumer_partitions", "group", among)


OWN: Mapping[str, Mapping[str, list[Panel]]] = {
    "intake": {
        "What came in": [
            per_second("Received", "rapport_intake_received_total", "channel"),
            per_second("Repeated", "rapport_intake_deduplicated_total", "channel"),
            per_second("Put into quarantine", "rapport_intake_quarantined_total", "channel"),
            most("In quarantine", "short", "rapport_intake_quarantine_waiting", "service"),
        ],
        "Mail that comes in": [
            per_second("Refused", "rapport_intake_smtp_refusals_total", "code"),
            per_second("Beyond a limit", "rapport_intake_unreadable_mails_total", "limit"),
            together("Waiting for a commit", "rapport_intake_submissions_waiting", "service"),
        ],
        "What goes out": [
            per_second("Attempts", "rapport_intake_deliveries_total", "state"),
            most("Not delivered", "short", "rapport_intake_messages_queued", "service"),
            most("The oldest of them", "s", "rapport_intake_messages_oldest_seconds", "service"),
        ],
        "Promises": [
            per_second("Settled", "rapport_promises_settled_total", "outcome"),
            most("At risk", "short", "rapport_promises_at_risk", "service"),
        ],
    },
    "routing": {
        "Who waits": [
            most("Contacts waiting", "short", "rapport_contacts_waiting", "queue"),
            most("Longest wait", "s", "rapport_contacts_oldest_wait_seconds", "queue"),
            most("Declined by everybody", "short", "rapport_contacts_declined", "queue"),
            most("Without a queue", "short", "rapport_contacts_unplaced", "service"),
        ],
        "Offers": [
            per_second("What became of them", "rapport_offers_total", "outcome"),
            quantiles("Time to an offer", "rapport_time_to_offer_seconds"),
            quantiles("A pass of the match", "rapport_match_pass_seconds"),
            together("Desks that are open", "rapport_http_streams", "route"),
        ],
    },
    "followup": {
        "Check-ins": [per_second("What became of them", "rapport_check_ins_total", "outcome")],
    },
    "analytics": {
        "Figures": [
            quantiles("Time until an event is counted", "rapport_figures_delay_seconds"),
            most("Age of the newest event counted", "s", "rapport_figures_age_seconds", "service"),
            most("Counted by a recount", "short", "rapport_recount_contacts", "service"),
        ],
    },
}
"""By service and row: what it alone shows."""
