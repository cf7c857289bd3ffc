"""The settings of followup, beside those that every service has."""

from datetime import time
from typing import Annotated, ClassVar, Self

from pydantic import AnyHttpUrl, Field, SecretStr, model_validator

from shared.settings import Block, ServiceSettings

Secret = Annotated[SecretStr, Field(min_length=32)]


class CheckInRule(Block):
    """When to ask about which contacts. A condition that is left out applies to all."""

    delay_seconds: float = Field(86_400, ge=0, description="Time from the claim to the question.")
    window_seconds: float = Field(259_200, gt=0, description="Time in which an answer counts.")
    channel: str | None = Field(None, description="Only contacts of this channel.")
    queue_id: str | None = Field(None, description="Only resolutions claimed in this queue.")
    value_tier: str | None = Field(None, description="Only customers of this tier.")


class CheckInSettings(Block):
    """The policy: the first rule that applies to a contact counts, else the two times given here."""

    delay_seconds: float = Field(86_400, ge=0, description="Time from the claim to the question.")
    window_seconds: float = Field(259_200, gt=0, description="Time in which an answer counts.")
    rules: tuple[CheckInRule, ...] = Field((), description="Exceptions, as JSON, in their order.")
    quiet_hours: bool = Field(True, description="Whether quiet hours are kept.")
    quiet_from: time = Field(time(21), description="Start, in the customer's own time zone.")
    quiet_until: time = Field(time(8), description="End, in the customer's own time zone.")

    @model_validator(mode="after")
    def _own_times(self) -> Self:
        """Quiet hours are times of day where the customer is."""
        if self.quiet_from.tzinfo or self.quiet_until.tzinfo:
            raise ValueError("quiet hours are the customer's own; they have no time zone")
        return self


class Settings(ServiceSettings):
    """All of it."""

    public_url: AnyHttpUrl = Field(description="How customers reach this api: the base of links.")
    link_secrets: tuple[Secret, ...] = Field(
        min_length=1,
        description="Keys of the links, as JSON: the last signs, all are believed; 32 characters up.",
    )
    check_in: CheckInSettings = Field(CheckInSettings(), description="When customers are asked.")
    job_batch: int = Field(1_000, gt=0, description="Due check-ins processed in one transaction.")

    RENAMED: ClassVar = {**ServiceSettings.RENAMED, "RAPPORT_TIMER_BATCH": "RAPPORT_JOB_BATCH"}
