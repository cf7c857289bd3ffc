"""What the customer reads: the mail that asks, the page that takes the answer, in their language."""

from dataclasses import dataclass
from datetime import datetime

from services.followup.locales import LANGUAGES
from services.followup.locales.wording import Wording
from shared.i18n.greeting import greeting
from shared.i18n.local_time import local_time

FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Letter:
    """A plain-text message, ready to be delivered."""

    subject: str
    text: str


def wording(language: str) -> tuple[str, Wording]:
    """The sentences in that language, and which language they are in: English for an unknown one."""
    known = language if language in LANGUAGES else FALLBACK
    return known, LANGUAGES[known]


def letter(*, language: str, name: str, link: str, closes_at: datetime, zone: str) -> Letter:
    """The question as it is sent: who, what, the link, until when."""
    written_in, words = wording(language)
    parts = (
        hello(words, name),
        words.asked,
        link,
        words.if_not,
        until(words, written_in, closes_at, zone),
        words.thanks,
    )
    return Letter(words.question, "\n\n".join(parts) + "\n")


def hello(words: Wording, name: str) -> str:
    """The first line: by name where it is one."""
    return greeting(name, named=words.greeting, unnamed=words.greeting_unnamed)


def until(words: Wording, language: str, closes_at: datetime, zone: str) -> str:
    """Until when an answer counts, on the clocks of who reads it."""
    return words.until.format(closes=local_time(closes_at, zone, language))
