"""What analytics is told by its environment, beside what every service is told."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """All of it."""

    upkeep_seconds: float = Field(10.0, gt=0, description="Time between two rounds of upkeep.")
