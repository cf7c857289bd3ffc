"""A moment as people say it: in their language, where they are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import (
    format_date,
    format_time,
    get_timezone_gmt,
    get_timezone_location,
    get_timezone_name,
)

_LOCALES: Final = {"en": "en_GB"}
"""Where a language is spoken, if it matters: English days come before their months."""


@dataclass(frozen=True, slots=True)
class LocalTime:
    """Date with weekday, time of day and the name of the zone, each in words."""

    date: str
    time: str
    zone: str

    def __str__(self) -> str:
        return f"{self.date}, {self.time} ({self.zone})"


def local_time(moment: datetime, zone: ZoneInfo, language: str) -> LocalTime:
    """The moment on the clocks of that zone; `language` is one we have words in."""
    locale = Locale.parse(_LOCALES.get(language, language))
    local = moment.astimezone(zone)
    return LocalTime(
        date=str(format_date(local, "full", locale=locale)),
        time=str(format_time(local, "short", locale=locale)),
        zone=_zone_name(local, locale),
    )


def _zone_name(local: datetime, locale: Locale) -> str:
    """The zone's name; where the language has none for it, whose time it is, not a bare offset."""
    name, offset = get_timezone_name(local, locale=locale), get_timezone_gmt(local, locale=locale)
    nobodys = str(local.tzinfo).startswith("Etc/")
    return str(name if nobodys or name != offset else get_timezone_location(local, locale=locale))
