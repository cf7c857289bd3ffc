"""Values that several events share. Amounts are whole minor units (cents) of an ISO 4217 currency."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

Text = Annotated[str, msgspec.Meta(max_length=100_000)]
Line = Annotated[str, msgspec.Meta(max_length=998)]
Name = Annotated[str, msgspec.Meta(max_length=200)]
Slug = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
Language = Annotated[str, msgspec.Meta(min_length=2, max_length=3, pattern=r"^[a-z]{2,3}$")]
TimeZone = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Currency = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$")]
Amount = Annotated[int, msgspec.Meta(ge=1, le=10**12)]
Priority = Annotated[int, msgspec.Meta(ge=1, le=9)]
Level = Annotated[int, msgspec.Meta(ge=1, le=5)]
Score = Annotated[int, msgspec.Meta(ge=1, le=5)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
WholeSeconds = Annotated[int, msgspec.Meta(ge=1)]
Time = Annotated[datetime, msgspec.Meta(tz=True)]


class Personal(msgspec.Struct, frozen=True, kw_only=True):
    """Personal data of an event: all of it, in one nested type, to be masked and erased apart."""


class Channel(StrEnum):
    """How a customer reached us."""

    EMAIL = "email"
    PHONE = "phone"
    CHAT = "chat"
    SMS = "sms"
    WHATSAPP = "whatsapp"
    MESSENGER = "messenger"
    INSTAGRAM = "instagram"
    TELEGRAM = "telegram"
    LINE = "line"
    SOCIAL = "social"
    WEB = "web"
    API = "api"
    IN_PERSON = "in_person"


class AuthorityKind(StrEnum):
    """What an agent may be empowered to do."""

    REFUND = "refund"
    CREDIT = "credit"
    REPLACEMENT = "replacement"
    EXCEPTION = "exception"


class MessageKind(StrEnum):
    """Why a message is written to a customer."""

    ACKNOWLEDGEMENT = "acknowledgement"
    REPLY = "reply"
    CHECK_IN = "check_in"


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """The authority that resolving a contact takes."""

    kind: AuthorityKind
    amount: Amount
    currency: Currency


class Authority(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent may grant alone: up to `limit` an action and `daily_budget` a day (UTC)."""

    kind: AuthorityKind
    limit: Amount
    daily_budget: Amount
    currency: Currency
    expires_at: Time | None = None
