"""When a contact has expired: nothing has happened to it for long, and nothing is open."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """When something was last written, promised, sent or settled; open: a promise or a message still is."""

    contact_id: UUID
    active_at: datetime
    is_open: bool


class Expiry(NamedTuple):
    """The contacts that have expired, and those that are kept, each with when it was last active."""

    expired: list[UUID]
    kept: list[Activity]


def expire(found: Iterable[Activity], now: datetime, period: timedelta) -> Expiry:
    """What becomes of contacts that are kept for this long; one that is open counts as active now."""
    result = Expiry([], [])
    for each in found:
        if each.is_open:
            result.kept.append(msgspec.structs.replace(each, active_at=now))
        elif each.active_at > now - period:
            result.kept.append(each)
        else:
            result.expired.append(each.contact_id)
    return result
