"""The settings of followup, beside those that every service has."""

import re
from datetime import time
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BeforeValidator,
    Field,
    SecretStr,
    TypeAdapter,
    WithJsonSchema,
)

from shared.contracts.values import Channel
from shared.settings import Block, Different, Positive, Seconds, ServiceSettings

KEYS = TypeAdapter(Annotated[list[Annotated[str, Field(min_length=32)]], Field(min_length=1)])
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")


def _clock(value: Any) -> Any:
    """A bare number would be read as seconds since midnight, and a zone would not be the customer's."""
    if isinstance(value, str) and not CLOCK.fullmatch(value):
        raise ValueError("must be a time of day such as 21:00")
    return value


def _base(url: AnyHttpUrl) -> AnyHttpUrl:
    """Links are made by adding to it."""
    if url.query is not None or url.fragment is not None:
        raise ValueError("must be an address without a query and without a fragment")
    return url


def link_keys(secrets: SecretStr) -> list[str]:
    """The keys of the links, the one that signs last. Raises `ValueError`, which shows none."""
    try:
        return KEYS.validate_json(secrets.get_secret_value())
    except ValueError:
        raise ValueError("must be a JSON list of texts of 32 characters up") from None


def _keys(secrets: SecretStr) -> SecretStr:
    link_keys(secrets)
    return secrets


TimeOfDay = Annotated[time, BeforeValidator(_clock)]
Base = Annotated[AnyHttpUrl, AfterValidator(_base)]
Delay = Annotated[float, Field(ge=0, le=31_536_000)]
Keys = Annotated[SecretStr, AfterValidator(_keys), WithJsonSchema({"type": "array", "minItems": 1})]


class CheckInRule(Block):
    """When to ask about which contacts. A condition that is left out applies to all."""

    delay_seconds: Delay = Field(86_400, description="Time from the claim to the question.")
    window_seconds: Seconds = Field(259_200, description="Time in which an answer counts.")
    channel: Channel | None = Field(None, description="Only contacts of this channel.")
    queue_id: str | None = Field(None, description="Only resolutions claimed in this queue.")
    value_tier: str | None = Field(None, description="Only customers of this tier.")


class CheckInSettings(Block):
    """The policy: the first rule that applies to a contact counts, else the two times given here."""

    delay_seconds: Delay = Field(86_400, description="Time from the claim to the question.")
    window_seconds: Seconds = Field(259_200, description="Time in which an answer counts.")
    rules: tuple[CheckInRule, ...] = Field(
        (),
        description="Exceptions, as JSON, in their order.",
        examples=[[{"channel": "chat", "delay_seconds": 600, "window_seconds": 86400}]],
    )
    quiet_hours: bool = Field(True, description="Whether quiet hours are kept.")
    quiet_from: TimeOfDay = Field(
        time(21), description="Start, in the customer's own time zone.", examples=["21:00"]
    )
    quiet_until: Annotated[TimeOfDay, Different("quiet_from")] = Field(
        time(8), description="End, in the customer's own time zone.", examples=["08:00"]
    )


class Settings(ServiceSettings):
    """All of it."""

    public_url: Base = Field(
        description="How customers reach this api: the base of links.",
        examples=["https://help.example"],
    )
    link_secrets: Keys = Field(
        description="Keys of the links, as JSON: the last signs, all are believed; 32 characters up.",
        examples=[
            ["the one before, still believed: 5uPnW2", "the one that signs from now on: x81Qd"]
        ],
    )
    check_in: CheckInSettings = Field(CheckInSettings(), description="When customers are asked.")
    job_batch: Positive = Field(1_000, description="Due check-ins processed in one transaction.")

    RENAMED: ClassVar = {**ServiceSettings.RENAMED, "RAPPORT_TIMER_BATCH": "RAPPORT_JOB_BATCH"}
