"""In which language and time zone we speak to a customer."""

from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones


def spoken(stated: str | None, heard: str | None, known: str | None, default: str) -> str:
    """What was stated, else what the text was written in, else what we know of the customer."""
    return stated or heard or known or default


def zone(
    stated: str | None, known: str | None, language: str, by_language: Mapping[str, str]
) -> str:
    """What was stated, if there is such a zone, else the customer's, else the language's own, else UTC."""
    if stated in _zones():
        return str(stated)
    return known or by_language.get(language, "UTC")


@cache
def _zones() -> frozenset[str | None]:
    return frozenset(available_timezones())
