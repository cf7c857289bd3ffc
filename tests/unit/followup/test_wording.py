"""What customers read, in each of their languages."""

import string
import unicodedata
from dataclasses import fields

import pytest

from services.followup.domain.languages import LANGUAGES, Wording
from services.followup.domain.wording import Letter, greeting, letter, spell, wording
from tests.unit.followup.story import NOON

LINK = "http://127.0.0.1:1/v1/check-ins/token"
SCRIPTS = {"en": "LATIN", "de": "LATIN", "te": "TELUGU", "mn": "CYRILLIC"}


def write(language: str = "en", name: str = "Anna") -> Letter:
    return letter(
        language=language, name=name, link=LINK, closes_at=NOON, time_zone="Asia/Ulaanbaatar"
    )


def texts(words: Wording) -> list[str]:
    values = [getattr(words, field.name) for field in fields(words)]
    return [text for value in values for text in ([value] if isinstance(value, str) else value)]


@pytest.mark.parametrize("language", SCRIPTS)
def test_a_letter_is_in_the_customers_language_and_has_name_link_and_time(language: str) -> None:
    written = write(language)
    assert "Anna" in written.text.splitlines()[0]
    assert LINK in written.text.splitlines()
    assert "20:00 (Asia/Ulaanbaatar)" in written.text
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
    "name", ["Anna\r\nBcc: all@example.org", "Anna\n\nhttp://evil.example", "An\x00na\x1b[2J"]
)
def test_a_name_is_one_line_whatever_was_put_into_it(name: str) -> None:
    first, second, *_ = write(name=name).text.splitlines()
    assert first.startswith("Hello An")
    assert second == ""
    assert not any(unicodedata.category(sign) == "Cc" for sign in first)


def test_a_name_with_braces_is_only_a_name() -> None:
    assert greeting(LANGUAGES["en"], "{closes} {0}") == "Hello {closes} {0},"


def test_joiners_that_a_script_needs_stay_in_the_name() -> None:
    assert "క్\u200cష" in greeting(LANGUAGES["te"], "క్\u200cష")


def test_a_moment_is_spelt_as_where_the_customer_lives() -> None:
    assert spell(NOON, "Europe/Berlin", "de") == "2. März 2026, 13:00 (Europe/Berlin)"
    assert spell(NOON, "No/Where", "en") == "March 2, 2026, 12:00 (UTC)"
