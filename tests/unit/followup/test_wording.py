"""What customers read, in each of their languages."""

import re
import string
import unicodedata
from dataclasses import fields

import pytest

from services.followup.domain.wording import Letter, hello, letter, until, wording
from services.followup.locales import LANGUAGES
from services.followup.locales.wording import Wording
from shared.i18n.local_time import local_time
from tests.unit.followup.story import NOON

LINK = "http://127.0.0.1:1/v1/check-ins/token"
SCRIPTS = {"en": "LATIN", "de": "LATIN", "te": "TELUGU", "mn": "CYRILLIC"}


def write(language: str = "en", name: str = "Anna") -> Letter:
    return letter(language=language, name=name, link=LINK, closes_at=NOON, zone="Asia/Ulaanbaatar")


def texts(words: Wording) -> list[str]:
    values = [getattr(words, field.name) for field in fields(words)]
    return [text for value in values for text in ([value] if isinstance(value, str) else value)]


@pytest.mark.parametrize("language", SCRIPTS)
def test_a_letter_is_in_the_customers_language_and_has_name_link_and_time(language: str) -> None:
    written = write(language)
    assert "Anna" in written.text.splitlines()[0]
    assert LINK in written.text.splitlines()
    assert local_time(NOON, "Asia/Ulaanbaatar", language) in written.text
    letters = [unicodedata.name(sign).split()[0] for sign in written.subject if sign.isalpha()]
    assert set(letters) == {SCRIPTS[language]}


@pytest.mark.parametrize("language", SCRIPTS)
def test_every_sentence_is_there_and_its_gaps_are_the_known_ones(language: str) -> None:
    for text in texts(LANGUAGES[language]):
        assert text == text.strip() != ""
        gaps = {gap for _, gap, _, _ in string.Formatter().parse(text) if gap}
        assert gaps <= {"name", "closes"}


def test_no_two_languages_share_a_sentence() -> None:
    everything = [text for words in LANGUAGES.values() for text in texts(words)]
    assert len(everything) == len(set(everything))


def test_a_language_we_do_not_write_is_answered_in_english() -> None:
    assert wording("fr") == ("en", LANGUAGES["en"])
    assert write("fr") == write("en")


def test_a_customer_without_a_known_name_is_greeted_without_one() -> None:
    assert write(name=" ").text.startswith("Hello,\n")


@pytest.mark.parametrize(
    "name",
    [
        "Win at http://evil.example",
        "www.evil.example",
        "Call 0190 123456",
        "Anna\r\nBcc: all@example.org",
        "Anna\n\nhttp://evil.example",
        "An\x00na\x1b[2J",
        "{closes} {0}",
    ],
)
def test_what_a_stranger_wrote_in_the_names_place_is_not_sent_on(name: str) -> None:
    assert write(name=name) == write(name="")
    first, second, *_ = write(name=name).text.splitlines()
    assert (first, second) == ("Hello,", "")


def test_joiners_that_a_script_needs_stay_in_the_name() -> None:
    assert "క్\u200cష" in hello(LANGUAGES["te"], "క్\u200cష")


@pytest.mark.parametrize("language", SCRIPTS)
def test_nothing_that_follows_a_name_makes_an_address_of_its_last_dot(language: str) -> None:
    assert not re.search(r"Jr\.\w", hello(LANGUAGES[language], "Sammy Davis Jr."))


def test_until_when_is_written_as_where_the_customer_lives() -> None:
    german = until(LANGUAGES["de"], "de", NOON, "Europe/Berlin")
    assert german.endswith("Montag, 2. März 2026, 13:00 Uhr (Mitteleuropäische Normalzeit)")
    unknown = until(LANGUAGES["en"], "en", NOON, "No/Where")
    assert unknown.endswith("12:00 on Monday, 2 March 2026 (Coordinated Universal Time)")
