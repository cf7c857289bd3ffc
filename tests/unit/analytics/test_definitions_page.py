"""The page is current, and what it lists has names of its own."""

from services.analytics.domain.figures.registry import DEFINITIONS, MEASURES
from tools.definitions import main


def test_the_page_of_definitions_is_current() -> None:
    assert main(["--check"]) == 0, "run python -m tools.generate"


def test_ids_and_measures_have_names_of_their_own() -> None:
    """Sums are kept under the id of a measure; a measure that no definition uses is kept in vain."""
    assert len({definition.id for definition in DEFINITIONS}) == len(DEFINITIONS)
    assert len({measure.id for measure in MEASURES}) == len(MEASURES)
    assert {definition.measure for definition in DEFINITIONS} == set(MEASURES)
