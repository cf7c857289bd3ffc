"""A moment is written in one form: in the language and on the clocks of who reads it, never as "today"."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import pytest

from services.followup.locales import LANGUAGES as FOLLOWUP
from services.intake.adapters.wording import LOCALES as INTAKE
from shared.i18n.local_time import LANGUAGES, local_time
from shared.i18n.time_zones import is_time_zone

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NEW_YEAR = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
JULY = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)
SUMMER_BEGINS = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
SUMMER_ENDS = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
BERLIN, KOLKATA, ULAANBAATAR, NEW_YORK = (
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Ulaanbaatar",
    "America/New_York",
)
MINUTE = timedelta(minutes=1)


def written(moment: datetime, zone: str, language: str) -> str:
    """The text with plain spaces: some languages have narrow ones before a part of the day."""
    return local_time(moment, zone, language).replace("\u202f", " ")


@pytest.mark.parametrize(
    ("language", "zone", "text"),
    [
        ("en", "Europe/London", "12:00 on Monday, 2 March 2026 (Greenwich Mean Time)"),
        ("en", KOLKATA, "17:30 on Monday, 2 March 2026 (India Standard Time)"),
        ("de", BERLIN, "Montag, 2. März 2026, 13:00 Uhr (Mitteleuropäische Normalzeit)"),
        ("de", ULAANBAATAR, "Montag, 2. März 2026, 20:00 Uhr (Ulaanbaatar-Normalzeit)"),
        ("te", KOLKATA, "2, మార్చి 2026, సోమవారం, 5:30 PM (భారతదేశ ప్రామాణిక సమయం)"),
        ("te", BERLIN, "2, మార్చి 2026, సోమవారం, 1:00 PM (సెంట్రల్ యూరోపియన్ ప్రామాణిక సమయం)"),
        ("mn", ULAANBAATAR, "2026 оны гуравдугаар сарын 2, даваа гараг, 20:00 цаг (Улаанбаатарын стандарт цаг)"),
        ("mn", BERLIN, "2026 оны гуравдугаар сарын 2, даваа гараг, 13:00 цаг (Төв Европын стандарт цаг)"),
    ],
)  # fmt: skip
def test_a_moment_is_written_in_the_language_and_on_the_clocks_of_who_reads_it(
    language: str, zone: str, text: str
) -> None:
    assert written(NOON, zone, language) == text


@pytest.mark.parametrize(
    ("language", "zone", "text"),
    [
        ("en", NEW_YORK, "18:30 on Thursday, 31 December 2026 (Eastern Standard Time)"),
        ("en", BERLIN, "00:30 on Friday, 1 January 2027 (Central European Standard Time)"),
        ("de", BERLIN, "Freitag, 1. Januar 2027, 00:30 Uhr (Mitteleuropäische Normalzeit)"),
        ("de", NEW_YORK, "Donnerstag, 31. Dezember 2026, 18:30 Uhr (Nordamerikanische Ostküsten-Normalzeit)"),
        ("te", KOLKATA, "1, జనవరి 2027, శుక్రవారం, 5:00 AM (భారతదేశ ప్రామాణిక సమయం)"),
        ("mn", ULAANBAATAR, "2027 оны нэгдүгээр сарын 1, баасан гараг, 07:30 цаг (Улаанбаатарын стандарт цаг)"),
    ],
)  # fmt: skip
def test_day_and_year_are_those_of_the_zone(language: str, zone: str, text: str) -> None:
    assert written(NEW_YEAR, zone, language) == text


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_today_tomorrow_and_any_other_day_are_written_in_the_same_form(language: str) -> None:
    """Who reads "today" reads it tomorrow as well; so the date is there, however near it is."""
    days = [written(NOON + timedelta(days=days), BERLIN, language) for days in (0, 1, 40)]
    assert len(set(days)) == len(days)
    assert all("2026" in day and "(" in day for day in days)
    assert len({day.count(",") for day in days}) == 1


@pytest.mark.parametrize(
    ("language", "standard", "summer"),
    [
        ("en", "Central European Standard Time", "Central European Summer Time"),
        ("de", "Mitteleuropäische Normalzeit", "Mitteleuropäische Sommerzeit"),
        ("te", "సెంట్రల్ యూరోపియన్ ప్రామాణిక సమయం", "సెంట్రల్ యూరోపియన్ వేసవి సమయం"),
        ("mn", "Төв Европын стандарт цаг", "Төв Европын зуны цаг"),
    ],
)
def test_on_the_day_that_the_clocks_change_the_zone_says_which_time_is_meant(
    language: str, standard: str, summer: str
) -> None:
    assert time_and_zone(SUMMER_BEGINS - MINUTE, language) == ("1:59", standard)
    assert time_and_zone(SUMMER_BEGINS, language) == ("3:00", summer)
    assert time_and_zone(SUMMER_ENDS - MINUTE, language) == ("2:59", summer)
    assert time_and_zone(SUMMER_ENDS, language) == ("2:00", standard)


def time_and_zone(moment: datetime, language: str) -> tuple[str, str]:
    """What the text in Berlin has of both."""
    found = re.search(r"0?(\d+:\d\d).*\((.+)\)", written(moment, BERLIN, language))
    assert found
    return found[1], found[2]


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        ("Europe/Dublin", "Greenwich Mean Time", "Irish Standard Time"),
        ("Australia/Sydney", "Australian Eastern Daylight Time", "Australian Eastern Standard Time"),
        ("Asia/Tokyo", "Japan Standard Time", "Japan Standard Time"),
        ("Europe/Kyiv", "Eastern European Standard Time", "Eastern European Summer Time"),
        ("Europe/Istanbul", "Istanbul time", "Istanbul time"),
        ("Etc/GMT+5", "GMT-05:00", "GMT-05:00"),
        ("No/Where", "Coordinated Universal Time", "Coordinated Universal Time"),
    ],
)  # fmt: skip
def test_a_zone_is_called_what_its_people_call_it(zone: str, winter: str, summer: str) -> None:
    assert written(NOON, zone, "en").endswith(f"({winter})")
    assert written(JULY, zone, "en").endswith(f"({summer})")


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_zone_has_a_name_in_every_language(language: str) -> None:
    unknown = {"en": "Unknown", "de": "Unbekannt", "te": "తెలియని", "mn": "Тодорхойгүй"}[language]
    for zone in filter(is_time_zone, sorted(available_timezones())):
        name = local_time(NOON, zone, language).split("(", 1)[1]
        assert unknown not in name, zone
        assert name.count("(") == 0, zone
        assert zone.startswith("Etc/") or "GMT" not in name, zone


def test_every_language_that_customers_are_written_to_in_has_its_form() -> None:
    assert {file.stem for file in INTAKE.glob("*.toml")} == set(FOLLOWUP) == LANGUAGES
