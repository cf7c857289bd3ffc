"""All figures in one registry, and under which keys their sums are stored."""

from collections.abc import Iterator

import pytest

from services.analytics.domain.facts import Fact
from services.analytics.domain.figures.definition import Part, measure
from services.analytics.domain.figures.registry import (
    DEFINITIONS,
    MEASURES,
    THEMES,
    definitions_of,
)
from shared.kernel.errors import Invalid
from tests.unit.analytics.figures import contact
from tests.unit.analytics.histories import fact_of

STORED = {
    "contacts",
    "time_to_assignment",
    "first_response",
    "wait",
    "first_wait",
    "first_claim",
    "claims",
    "promises",
    "turns",
    "authority",
    "spent",
    "csat",
    "check_ins",
    "replies",
}
"""The keys of the sums in every database: one that goes leaves sums that nobody reads."""


def test_sums_are_stored_under_the_ids_that_databases_hold() -> None:
    assert {each.id for each in MEASURES} == STORED


def test_a_measure_keeps_its_id_whatever_its_function_is_called() -> None:
    @measure("calls")
    def renamed_twice(fact: Fact) -> Iterator[Part]:
        yield "all", 1

    assert renamed_twice.id == "calls"
    assert list(renamed_twice.sort(fact_of(contact(1)))) == [("all", 1)]


def test_every_theme_has_figures_and_every_figure_is_in_one_theme() -> None:
    by_theme = [definition for theme in THEMES for definition in theme.DEFINITIONS]
    assert tuple(by_theme) == DEFINITIONS
    assert all(theme.DEFINITIONS for theme in THEMES)


def test_who_asks_for_nothing_asks_for_everything_and_the_order_is_that_of_the_page() -> None:
    assert definitions_of(()) == DEFINITIONS
    first, *_, last = DEFINITIONS
    assert definitions_of((last.id, first.id, last.id)) == (first, last)


def test_a_figure_that_is_not_defined_is_refused() -> None:
    with pytest.raises(Invalid):
        definitions_of(("contacts", "calls_per_agent"))
