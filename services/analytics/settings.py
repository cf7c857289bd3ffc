"""What analytics is told by its environment, beside what every service is told."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from shared.settings import Seconds, ServiceSettings


class Settings(ServiceSettings):
    """All of it."""

    job_interval_seconds: Seconds = Field(
        10.0, description="Time between two runs of each periodic job."
    )

    RENAMED: ClassVar[Mapping[str, str]] = {
        **ServiceSettings.RENAMED,
        "RAPPORT_UPKEEP_SECONDS": "RAPPORT_JOB_INTERVAL_SECONDS",
    }
