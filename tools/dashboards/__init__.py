"""Dashboards for Grafana, from tables of panels: one of the journey, and one for each service."""

from collections.abc import Callable
from functools import partial

from shared.contracts.topics import SERVICES
from tools.dashboards import journey, services
from tools.dashboards.grafana import dashboard


def of_journey() -> str:
    """A contact's way, through all services."""
    return dashboard("Rapport: the journey of a contact", [*journey.rows()])


def of_service(service: str) -> str:
    """All that its processes tell."""
    return dashboard(f"Rapport: {service}", [*services.rows(service)])


DASHBOARDS: dict[str, Callable[[], str]] = {
    "journey": of_journey,
    **{service: partial(of_service, service) for service in SERVICES},
}
"""By name: what makes its JSON."""
