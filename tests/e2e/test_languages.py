"""People read us in their own language, and in the time of where they live."""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.post import question
from tests.e2e.story import Centre


class Person(NamedTuple):
    """How somebody writes, and what they should read."""

    name: str
    language: str
    time_zone: str
    text: str
    greeting: str
    clock: str
    zone: str


PEOPLE = (
    Person(
        "లక్ష్మి రావు",
        "te",
        "Asia/Kolkata",
        "నమస్కారం, ఒకే ఆర్డర్‌కు నా బిల్లు రెండుసార్లు వచ్చింది. దయచేసి ఒక మొత్తాన్ని తిరిగి ఇవ్వండి.",
        "నమస్కారం లక్ష్మి రావు గారు",
        "%-I:%M",
        "భారతదేశ ప్రామాణిక సమయం",
    ),
    Person(
        "Бат-Эрдэнэ",
        "mn",
        "Asia/Ulaanbaatar",
        "Сайн байна уу, нэг захиалгын төлбөр хоёр удаа суутгагдсан байна. Нэгийг нь буцааж өгнө үү.",
        "Сайн байна уу, Бат-Эрдэнэ",
        "%H:%M",
        "Улаанбаатарын стандарт цаг",
    ),
)
by_language = pytest.mark.parametrize("writer", PEOPLE, ids=lambda writer: writer.language)


@by_language
async def test_a_mail_is_acknowledged_in_its_own_language_and_local_time(
    centre: Centre, writer: Person
) -> None:
    await centre.has_queue()
    ana = await centre.has_agent("ana", writer.language)
    person = centre.customer(writer.name)
    await centre.is_mailed(person, writer.text)
    mail = await centre.acknowledgement_of(person)
    seen = await ana.sees(await ana.takes(), language=writer.language, time_zone=writer.time_zone)
    due = datetime.fromisoformat(seen["promise_due_at"]).astimezone(ZoneInfo(writer.time_zone))
    assert writer.greeting in mail.text
    assert due.strftime(writer.clock) in mail.text
    assert f"({writer.zone})" in mail.text


@by_language
async def test_the_question_comes_in_the_customers_language_too(
    centre: Centre, writer: Person
) -> None:
    await centre.has_queue()
    ana = await centre.has_agent("ana", writer.language)
    person = centre.customer(writer.name, writer.language, writer.time_zone)
    await centre.is_posted(person, writer.text)
    await ana.solves(await ana.takes())
    mail = await centre.mail_to(person, question)
    assert writer.name in mail.text
    assert f"({writer.zone})" in mail.text
    assert alphabet(mail.text) == alphabet(writer.text)


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
