"""The first zone given that exists counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.i18n.time_zones import is_time_zone, time_zone


@pytest.mark.parametrize(
    ("given_zones", "zone"),
    [
        (("Asia/Tokyo", "Europe/Berlin"), "Asia/Tokyo"),
        ((None, "", "Mars/Olympus", "Europe/Berlin", "Asia/Tokyo"), "Europe/Berlin"),
        (("../etc/passwd", "Europe", "europe/berlin", "a\0b"), "UTC"),
        (("localtime", "Factory"), "UTC"),
        ((), "UTC"),
    ],
)
def test_the_first_zone_there_is_counts_and_utc_where_there_is_none(
    given_zones: tuple[str | None, ...], zone: str
) -> None:
    assert time_zone(*given_zones).key == zone


@given(name=st.text() | st.sampled_from(["/", "..", "Asia/", "posixrules", "zone.tab"]))
def test_whatever_is_given_as_a_zone_some_zone_counts(name: str) -> None:
    assert time_zone(name).key == (name if is_time_zone(name) else "UTC")
