"""What the customer reads: the mail that asks, the page that takes the answer, in their language."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_date

from services.followup.domain.languages import LANGUAGES, Wording
from services.followup.domain.policy import zone

FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Letter:
    """A plain-text message, ready to be delivered."""

    subject: str
    text: str


def wording(language: str) -> tuple[str, Wording]:
    """The sentences in that language, and which language they are in: English for an unknown one."""
    spoken = language if language in LANGUAGES else FALLBACK
    return spoken, LANGUAGES[spoken]


def letter(*, language: str, name: str, link: str, closes_at: datetime, time_zone: str) -> Letter:
    """The question as it is sent: who, what, the link, until when."""
    spoken, words = wording(language)
    parts = (
        greeting(words, name),
        words.asked,
        link,
        words.if_not,
        words.until.format(closes=spell(closes_at, time_zone, spoken)),
        words.thanks,
    )
    return Letter(words.question, "\n\n".join(parts) + "\n")


def greeting(words: Wording, name: str) -> str:
    """By name where it is known. A name is one line, whatever was put into it."""
    plain = "".join(letter for letter in name if unicodedata.category(letter) != "Cc")
    known = " ".join(plain.split())
    return words.greeting.format(name=known) if known else words.greeting_unnamed


def spell(moment: datetime, time_zone: str, language: str) -> str:
    """A moment as people say it where they live, with the name of their time zone."""
    local = moment.astimezone(zone(time_zone))
    return f"{format_date(local, 'long', locale=language)}, {local:%H:%M} ({local.tzinfo})"
