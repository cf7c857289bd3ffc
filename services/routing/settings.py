"""Settings of routing, beside those of every service."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from shared.settings import AtLeast, Positive, Seconds, ServiceSettings, WholeSeconds

Pause = Annotated[float, Field(gt=0, le=86_400)]


class Settings(ServiceSettings):
    """Routing's own settings."""

    wrap_up_seconds: float = Field(
        60.0, ge=0, le=86_400, description="Wrap-up ends by itself after it."
    )
    expiries_until_away: Positive = Field(
        2, description="Offers let expire in a row after which an agent is set away."
    )
    decline_pause_seconds: Pause = Field(
        10.0, description="Who declines is asked again about the same contact after it; it doubles."
    )
    longest_decline_pause_seconds: Annotated[Pause, AtLeast("decline_pause_seconds")] = Field(
        300.0, description="What it grows to."
    )
    dispatch_seconds: Seconds = Field(
        1.0, description="A pass is made at least this often, woken or not."
    )
    per_group: Positive = Field(
        100, description="Contacts of one match group that a pass looks at."
    )
    pass_limit: Annotated[Positive, AtLeast("per_group")] = Field(
        1_000, description="Contacts that a pass looks at in all."
    )
    forecast_seconds: Seconds = Field(5.0, description="Time between two forecasts.")
    forecast_window_seconds: WholeSeconds = Field(
        3_600, description="Experience older counts no more."
    )

    RENAMED: ClassVar[Mapping[str, str]] = {
        **ServiceSettings.RENAMED,
        "RAPPORT_PER_LANE": "RAPPORT_PER_GROUP",
    }
