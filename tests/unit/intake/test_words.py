"""Topics, languages and the words of an acknowledgement."""

import tomllib
from datetime import UTC, datetime
from string import Formatter
from uuid import uuid4

import pytest

from services.intake.adapters.language import LanguageDetector
from services.intake.adapters.wording import LOCALES
from services.intake.domain.acceptance import newcomers
from services.intake.domain.known_before import Customer, Known
from services.intake.domain.language import spoken
from services.intake.domain.opening import opened
from services.intake.domain.topic import TopicRule, TopicRules
from tests.unit.intake.builders import WORDINGS, ZONES, a_config, an_arrival

DUE = datetime(2026, 11, 22, 9, 5, tzinfo=UTC)
RULES = TopicRules(
    [
        TopicRule(rank=3, topic="delivery", words=("parcel", "Lieferung", "పార్సెల్", "хүргэлт")),
        TopicRule(rank=1, topic="vip", recipient="vip@rapport.example"),
        TopicRule(rank=2, topic="refund-mn", words=("төлбөр",), language="mn"),
    ]
)


@pytest.mark.parametrize(
    ("text", "language", "recipient", "topic"),
    [
        ("Where is my PARCEL?", "en", "", "delivery"),
        ("two parcels", "en", "", "delivery"),
        ("a subparcel", "en", "", "general"),
        ("Meine lieferung!", "de", "", "delivery"),
        ("నా పార్సెల్ ఎక్కడ", "te", "", "delivery"),
        ("Миний төлбөрийг", "mn", "", "refund-mn"),
        ("төлбөр", "ru", "", "general"),
        ("parcel", "en", "vip@rapport.example", "vip"),
        ("", "en", "", "general"),
    ],
)
def test_the_first_rule_that_fits_tells_the_topic(
    text: str, language: str, recipient: str, topic: str
) -> None:
    assert RULES.topic(recipient=recipient, language=language, text=text) == topic


@pytest.mark.parametrize(
    ("language", "greeting", "where"),
    [
        ("en", "Hello Asha Rao,", "by 09:05 on Sunday, 22 November 2026 (Greenwich Mean Time)"),
        ("de", "Guten Tag Asha Rao,", "Sonntag, 22. November 2026, 10:05 Uhr (Mitteleuropäische Normalzeit)"),
        ("te", "నమస్కారం Asha Rao గారు,", "22, నవంబర్ 2026, ఆదివారం, 2:35 PM (భారతదేశ ప్రామాణిక సమయం)"),
        ("mn", "Сайн байна уу, Asha Rao,", "2026 оны арван нэгдүгээр сарын 22, ням гараг, 17:05 цаг (Улаанбаатарын стандарт цаг)"),
    ],
)  # fmt: skip
def test_the_promise_is_given_in_the_customers_language_and_local_time(
    language: str, greeting: str, where: str
) -> None:
    words = WORDINGS.acknowledgement(language, ZONES[language], DUE, "Asha Rao")
    assert (words.language, words.subject != "") == (language, True)
    assert words.text.startswith(greeting)
    assert where in words.text.replace("\u202f", " ")


@pytest.mark.parametrize("language", ["en", "de", "te", "mn"])
def test_a_language_says_where_the_moment_stands_and_never_how_it_is_written(language: str) -> None:
    words = tomllib.loads((LOCALES / f"{language}.toml").read_text())
    gaps = [gap for text in words.values() for _, gap, _, _ in Formatter().parse(text) if gap]
    assert sorted(gaps) == ["due", "name"]


def test_other_languages_get_the_fallback_in_their_own_local_time() -> None:
    words = WORDINGS.acknowledgement("fr", "America/New_York", DUE, "")
    assert (words.language, words.text.startswith("Hello,")) == ("en", True)
    assert "04:05" in words.text


@pytest.mark.parametrize(
    "name",
    [
        "buy http://evil.example now",
        "evil.example",
        "Call ౯౮౭౬౫౪",
        "{zone}",
        "x" * 61,
        "a\nb",
        "<b>",
        "1",
    ],
)
def test_what_is_no_name_is_not_repeated(name: str) -> None:
    assert name not in WORDINGS.acknowledgement("en", "UTC", DUE, name).text


@pytest.mark.parametrize("name", ["ఆశా రావు", "Жаргал", "José O'Neill-Smith", "Dr. Müller"])
def test_people_are_greeted_by_name(name: str) -> None:
    assert WORDINGS.acknowledgement("en", "UTC", DUE, name).text.startswith(f"Hello {name},")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("My order has not arrived, please help me", "en"),
        ("Meine Bestellung ist nicht angekommen", "de"),
        ("నా ఆర్డర్ ఇంకా రాలేదు", "te"),
        ("Миний захиалга ирээгүй байна", "mn"),
        ("ok", None),
        ("12345 67890 !!! 🙂", None),
        ("", None),
    ],
)
def test_the_language_of_a_text_is_detected_unless_it_is_unclear(
    text: str, language: str | None
) -> None:
    assert LanguageDetector()(text) == language


def test_stated_goes_before_detected_before_known_before_default() -> None:
    assert spoken("te", "en", "de", "mn") == "te"
    assert spoken(None, "en", "de", "mn") == "en"
    assert spoken(None, None, "de", "mn") == "de"
    assert spoken(None, None, None, "mn") == "mn"


@pytest.mark.parametrize(
    ("stated", "known", "language", "zone"),
    [
        ("Asia/Tokyo", "Europe/Berlin", "te", "Asia/Tokyo"),
        ("Mars/Olympus", "Europe/Berlin", "te", "Europe/Berlin"),
        (None, "Mars/Olympus", "te", "Asia/Kolkata"),
        (None, "Mars/Olympus", "fr", "UTC"),
    ],
)
def test_a_zone_that_does_not_exist_is_not_believed(
    stated: str | None, known: str, language: str, zone: str
) -> None:
    customer = Customer(
        customer_id=uuid4(),
        point_id=uuid4(),
        language=language,
        time_zone=known,
        value_tier="standard",
    )
    arrival = an_arrival(time_zone=stated, language=language)
    assert opened(arrival, customer, None, a_config()).time_zone == zone


@pytest.mark.parametrize(
    ("stated", "language", "zone"),
    [
        ("Asia/Tokyo", "te", "Asia/Tokyo"),
        ("../etc/passwd", "te", "Asia/Kolkata"),
        (None, "fr", "UTC"),
    ],
)
def test_a_newcomer_lives_where_they_say_or_where_their_language_does(
    stated: str | None, language: str, zone: str
) -> None:
    arrival = an_arrival(time_zone=stated, language=language)
    nobody = Known(customers={}, earlier={}, threads={})
    assert [new.time_zone for new in newcomers([arrival], [None], nobody, a_config())] == [zone]
