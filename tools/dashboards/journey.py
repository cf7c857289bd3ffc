"""The dashboard of the journey: what is owed, then a contact from its first byte to the figure it moves."""

from collections.abc import Iterator

from tools.dashboards.grafana import Panel, Row
from tools.dashboards.panels import most, per_second, quantiles, slowest, together
from tools.objectives import DAYS, OBJECTIVES, Objective

SUBMITTED = 'service="intake",method="POST",route="/v1/contacts"'


def rows() -> Iterator[Row]:
    """In the order in which a contact comes along."""
    left = f"What is left of what may fail in {DAYS} days"
    yield Row(left, [Panel(o.name, "percentunit", {"left": _left(o)}, "stat") for o in OBJECTIVES])
    yield Row("What is owed", [*_owed()])
    yield Row("Received", [*_received()])
    yield Row("Published", [*_published()])
    yield Row("Consumed", [*_consumed()])
    yield Row("Offered", [*_offered()])
    yield Row("Answered, as promised", [*_answered()])
    yield Row("Asked, and counted", [*_counted()])


def _left(objective: Objective) -> str:
    good, total = (f"sum(increase({each}[{DAYS}d]))" for each in (objective.good, objective.total))
    return f"1 - (1 - ({good} or vector(0)) / {total}) / {objective.room}"


def _owed() -> Iterator[Panel]:
    burns = {o.name: f"{o.series}:failed_ratio_rate1h / {o.room}" for o in OBJECTIVES}
    yield Panel("How many times too fast it is used up", "none", burns)
    yield most("Promises at risk", "short", "rapport_promises_at_risk", "service")
    yield most("Longest wait", "s", "rapport_contacts_oldest_wait_seconds", "queue")


def _received() -> Iterator[Panel]:
    received = "sum by (channel) (rapport_intake_received_total)"
    fates = (f"rapport_intake_{each}_total" for each in ("stored", "quarantined", "deduplicated"))
    accounted = f'sum by (channel) ({{__name__=~"{"|".join(fates)}"}})'
    yield per_second("Messages received", "rapport_intake_received_total", "channel")
    yield per_second("Messages stored", "rapport_intake_stored_total", "channel")
    yield quantiles("Time to 202", "rapport_http_request_seconds", SUBMITTED)
    yield Panel("In no account", "short", {"{{channel}}": f"{received} - {accounted}"})


def _published() -> Iterator[Panel]:
    yield most("Oldest event not published", "s", "rapport_outbox_age_seconds", "service")
    yield per_second("Events published", "rapport_outbox_published_total", "service")
    yield together("Relays that lead", "rapport_relay_leading", "service")
    yield most("Transaction that holds all up", "s", "rapport_horizon_age_seconds", "service")


def _consumed() -> Iterator[Panel]:
    yield together("Records not read", "rapport_consumer_lag_records", "service")
    yield per_second("Records taken", "rapport_consumer_records_total", "service")
    yield slowest("Batches taken", "rapport_consumer_batch_seconds", "service")
    yield per_second("Dead letters", "rapport_dead_letters_total", "service")


def _offered() -> Iterator[Panel]:
    yield most("Contacts waiting", "short", "rapport_contacts_waiting", "queue")
    yield quantiles("Time to an offer", "rapport_time_to_offer_seconds")
    yield per_second("Offers", "rapport_offers_total", "outcome")


def _answered() -> Iterator[Panel]:
    yield per_second("Promises settled", "rapport_promises_settled_total", "outcome")
    yield per_second("Messages delivered", "rapport_intake_deliveries_total", "state")
    yield most("Oldest not delivered", "s", "rapport_intake_messages_oldest_seconds", "service")


def _counted() -> Iterator[Panel]:
    yield per_second("Check-ins", "rapport_check_ins_total", "outcome")
    yield quantiles("Time until an event is counted", "rapport_figures_delay_seconds")
    yield most("Age of the newest event counted", "s", "rapport_figures_age_seconds", "service")
