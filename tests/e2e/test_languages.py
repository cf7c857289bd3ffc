"""People hear from us in their own language, and in the time of where they live."""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.post import question
from tests.e2e.story import Centre


class Voice(NamedTuple):
    """How somebody writes, and what they should read."""

    name: str
    language: str
    time_zone: str
    text: str
    greeting: str
    clock: str
    zone: str


VOICES = (
    Voice(
        "లక్ష్మి రావు",
        "te",
        "Asia/Kolkata",
        "నమస్కారం, ఒకే ఆర్డర్‌కు నా బిల్లు రెండుసార్లు వచ్చింది. దయచేసి ఒక మొత్తాన్ని తిరిగి ఇవ్వండి.",
        "నమస్కారం లక్ష్మి రావు గారు",
        "%-I:%M",
        "భారతదేశం సమయం",
    ),
    Voice(
        "Бат-Эрдэнэ",
        "mn",
        "Asia/Ulaanbaatar",
        "Сайн байна уу, нэг захиалгын төлбөр хоёр удаа суутгагдсан байна. Нэгийг нь буцааж өгнө үү.",
        "Сайн байна уу, Бат-Эрдэнэ",
        "%H:%M",
        "Улаанбаатарын стандарт цаг",
    ),
)
by_language = pytest.mark.parametrize("voice", VOICES, ids=lambda voice: voice.language)


@by_language
async def test_a_mail_is_acknowledged_in_its_own_language_and_local_time(
    centre: Centre, voice: Voice
) -> None:
    await centre.has_queue()
    ana = await centre.has_agent("ana", voice.language)
    person = centre.customer(voice.name)
    await centre.is_mailed(person, voice.text)
    mail = await centre.acknowledgement_of(person)
    seen = await ana.sees(await ana.takes(), language=voice.language, time_zone=voice.time_zone)
    due = datetime.fromisoformat(seen["promise_due_at"]).astimezone(ZoneInfo(voice.time_zone))
    assert voice.greeting in mail.text
    assert due.strftime(voice.clock) in mail.text
    assert f"({voice.zone})" in mail.text


@by_language
async def test_the_question_comes_in_the_customers_language_too(
    centre: Centre, voice: Voice
) -> None:
    await centre.has_queue()
    ana = await centre.has_agent("ana", voice.language)
    person = centre.customer(voice.name, voice.language, voice.time_zone)
    await centre.is_posted(person, voice.text)
    await ana.solves(await ana.takes())
    mail = await centre.mail_to(person, question)
    assert voice.name in mail.text
    assert f"({voice.zone})" in mail.text
    assert alphabet(mail.text) == alphabet(voice.text)


async def test_a_stated_time_zone_counts_more_than_the_languages_own(centre: Centre) -> None:
    await centre.has_queue()
    ana = await centre.has_agent("ana")
    grace = centre.customer("Grace", "en", "America/New_York")
    taken = await centre.is_posted(grace)
    due = datetime.fromisoformat(taken["promise"]["due_at"]).astimezone(ZoneInfo(grace.time_zone))
    assert f"{due:%H:%M}" in taken["promise"]["text"]
    await ana.sees(await ana.takes(), time_zone="America/New_York")


def alphabet(text: str) -> int:
    """The alphabet that most letters of a text are of, links aside: a block of 128 code points."""
    words = [word for word in text.split() if "://" not in word]
    blocks = [ord(letter) >> 7 for letter in "".join(words) if letter.isalpha()]
    return max(set(blocks), key=blocks.count)
