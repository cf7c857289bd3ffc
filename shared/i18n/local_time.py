"""A moment as people say it: in their language, on the clocks of where they are."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from babel import Locale
from babel.core import get_global
from babel.dates import (
    format_date,
    format_time,
    get_timezone_gmt,
    get_timezone_location,
    get_timezone_name,
)

from shared.i18n.time_zones import time_zone

_Variant = Literal["standard", "daylight"]


class _Form(NamedTuple):
    """How a language says a moment, and how the zone of a city whose time has no name of its own."""

    locale: str
    moment: str
    nameless_zone: str


_FORMS: Final = {
    "en": _Form("en_GB", "{time} on {date} ({zone})", "{city} time"),
    "de": _Form("de", "{date}, {time} Uhr ({zone})", "Ortszeit {city}"),
    "te": _Form("te", "{date}, {time} ({zone})", "{city} సమయం"),
    "mn": _Form("mn", "{date}, {time} цаг ({zone})", "цагийн бүс: {city}"),
}
LANGUAGES: Final = frozenset(_FORMS)

_METAZONES: Final = get_global("meta_zones")
_FORMER: Final = {
    now: former for former, now in get_global("zone_aliases").items() if former in _METAZONES
}
"""Babel looks a zone up by its name of today, but has some under the name that they had before."""


@lru_cache(maxsize=10_000)
def local_time(moment: datetime, zone: str, language: str) -> str:
    """Date with weekday, time and the zone's name; `language` is one of `LANGUAGES`.

    The only form in which a customer reads a moment. It always has the date: what says "today"
    says something else to who reads it after midnight. A zone that does not exist is UTC.
    """
    form, local = _FORMS[language], moment.astimezone(time_zone(zone))
    date = format_date(local, "full", locale=form.locale)
    time = format_time(local, "short", locale=form.locale)
    return form.moment.format(date=date, time=time, zone=_zone_name(local, form))


def _zone_name(local: datetime, form: _Form) -> str:
    """What its people call the zone; a bare offset only where the zone is nothing else."""
    variant, locale = _variant(local), Locale.parse(form.locale)
    name = get_timezone_name(local, zone_variant=variant, locale=locale)
    if name != get_timezone_gmt(local, locale=locale) or str(local.tzinfo).startswith("Etc/"):
        return name
    return _former_name(local, variant, locale) or form.nameless_zone.format(
        city=get_timezone_location(local, locale=locale, return_city=True)
    )


def _variant(local: datetime) -> _Variant:
    """Summer time is when the clocks are ahead of the other half of the year.

    The zone's own word for it does not do: in Ireland, by law, it is winter that departs from the standard.
    """
    halves = (local.replace(month=month, day=1).utcoffset() for month in (1, 7))
    least = min(offset for offset in halves if offset is not None)
    return "standard" if local.utcoffset() == least else "daylight"


def _former_name(local: datetime, variant: _Variant, locale: Locale) -> str | None:
    known_as = _FORMER.get(get_timezone_name(local, return_zone=True), "")
    names: Mapping[str, Mapping[str, str]] = locale.meta_zones.get(_METAZONES.get(known_as), {})
    return names.get("long", {}).get(variant)
