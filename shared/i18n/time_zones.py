"""Which time zone counts where several are told and some may not exist."""

from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

UTC: Final = "UTC"
NO_TIME_ZONE: Final = "must be an IANA time zone, such as Asia/Kolkata"
"""What is said of a field that names no time zone, after its name."""
_NOWHERE: Final = {"localtime", "Factory"}
"""Listed beside the zones, but no place's: wherever the process happens to run, and a clock not yet set."""


def is_time_zone(name: str) -> bool:
    """Whether there is a time zone of that name, such as Europe/Berlin."""
    return name in _names()


def time_zone(*names: str | None) -> ZoneInfo:
    """The first of the names that is a time zone; UTC if none is, because some time must count."""
    return ZoneInfo(next((name for name in names if name and is_time_zone(name)), UTC))


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones() - _NOWHERE)
