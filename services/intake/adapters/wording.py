"""What we say to customers, in their language and their local time; the words are files in `words/`."""

import re
import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import (
    format_date,
    format_time,
    get_timezone_gmt,
    get_timezone_location,
    get_timezone_name,
)

from services.intake.domain.centre import Wording

WORDS = Path(__file__).with_name("words")
LOCALES = {"en": "en_GB"}
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u0900-\u0dff \u2019'.-]){0,59}")


class Wordings:
    """Acknowledgements in every language there is a file for; others get `fallback`."""

    def __init__(self, fallback: str) -> None:
        self._words = _read_all()
        self._fallback = fallback

    def acknowledgement(
        self, language: str, time_zone: str, due_at: datetime, name: str
    ) -> Wording:
        """That we have it, and by when a person answers: the time, where the customer is."""
        spoken = language if language in self._words else self._fallback
        words = self._words[spoken]
        promise = _promise(words["acknowledgement"], spoken, time_zone, due_at)
        text = f"{_greeting(words, name)}\n\n{promise}\n\n{words['signature']}"
        return Wording(language=spoken, subject=words["subject"], text=text)


def _greeting(words: Mapping[str, str], name: str) -> str:
    """By name, if it is one: what a stranger writes there is not to be sent on by us."""
    polite = _NAME.fullmatch(name.strip())
    return words["greeting"].format(name=polite.group()) if polite else words["greeting_unnamed"]


@lru_cache(maxsize=10_000)
def _promise(words: str, language: str, time_zone: str, moment: datetime) -> str:
    """The words with their moment; promises are whole minutes, so few are ever asked for."""
    return words.strip().format(**_local(language, time_zone, moment))


def _local(language: str, time_zone: str, moment: datetime) -> dict[str, str]:
    """Date, time and zone in words."""
    locale = Locale.parse(LOCALES.get(language, language))
    local = moment.astimezone(ZoneInfo(time_zone))
    return {
        "date": format_date(local, "full", locale=locale),
        "time": format_time(local, "short", locale=locale),
        "zone": _zone(local, locale),
    }


def _zone(local: datetime, locale: Locale) -> str:
    """The zone's name; where the language has none for it, whose time it is, not a bare offset."""
    name = str(get_timezone_name(local, locale=locale))
    if name == get_timezone_gmt(local, locale=locale):
        return str(get_timezone_location(local, locale=locale))
    return name


def _read_all() -> dict[str, dict[str, str]]:
    return {file.stem: tomllib.loads(file.read_text()) for file in sorted(WORDS.glob("*.toml"))}
