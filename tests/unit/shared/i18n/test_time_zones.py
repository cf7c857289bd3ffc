"""The first zone given that exists counts; a moment is written on its clocks and in the person's language."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.i18n.local_time import local_time
from shared.i18n.time_zones import is_time_zone, time_zone

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given_zones", "zone"),
    [
        (("Asia/Tokyo", "Europe/Berlin"), "Asia/Tokyo"),
        ((None, "", "Mars/Olympus", "Europe/Berlin", "Asia/Tokyo"), "Europe/Berlin"),
        (("../etc/passwd", "Europe", "europe/berlin", "a\0b"), "UTC"),
        (("localtime",), "UTC"),
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


@pytest.mark.parametrize(
    ("language", "zone", "text"),
    [
        ("en", "UTC", "Monday, 2 March 2026, 12:00 (Coordinated Universal Time)"),
        ("en", "Etc/GMT+5", "Monday, 2 March 2026, 07:00 (GMT-05:00)"),
        ("de", "Europe/Berlin", "Montag, 2. März 2026, 13:00 (Mitteleuropäische Normalzeit)"),
        ("te", "Asia/Kolkata", "2, మార్చి 2026, సోమవారం, 5:30 PM (భారతదేశం సమయం)"),
        (
            "mn",
            "Asia/Ulaanbaatar",
            "2026 оны гуравдугаар сарын 2, даваа гараг, 20:00 (Улаанбаатарын стандарт цаг)",
        ),
    ],
)
def test_a_moment_is_written_in_the_language_and_on_the_clocks_of_who_reads_it(
    language: str, zone: str, text: str
) -> None:
    assert str(local_time(NOON, time_zone(zone), language)).replace("\u202f", " ") == text


def test_summer_time_counts_where_there_is_one() -> None:
    july = local_time(NOON.replace(month=7), time_zone("Europe/Berlin"), "de")
    assert (july.time, july.zone) == ("14:00", "Mitteleuropäische Sommerzeit")
