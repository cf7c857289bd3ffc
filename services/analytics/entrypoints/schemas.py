"""What the api gives."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from services.analytics.domain.figures.definition import Unit
from services.analytics.domain.periods import Grain
from shared.contracts.values import Channel


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class DefinitionOut(_Out):
    """What a figure says, and how it is computed."""

    id: str
    version: int
    title: str
    sentence: str
    formula: str
    unit: Unit
    filters: str
    clock: str


class DefinitionsOut(_Out):
    """All of them, in the order of the page."""

    definitions: list[DefinitionOut]


class FigureOut(_Out):
    """One figure. A value is null where nothing was counted."""

    definition: str = Field(description="The definition's id.")
    version: int = Field(description="The definition's version.")
    unit: Unit
    n: int = Field(description="The number of things the values rest on.")
    values: dict[str, int | float | None]


class PeriodOut(_Out):
    """The asked figures of the contacts received in [start, end), by definition id."""

    start: datetime = Field(description="By the clock of the asked zone, as is the end.")
    end: datetime
    figures: dict[str, FigureOut]


class AnswerOut(_Out):
    """The periods of the question, without gaps."""

    as_of: datetime | None = Field(description="The time of the newest event that is counted.")
    grain: Grain
    zone: str | None
    queue: str | None
    channel: Channel | None
    periods: list[PeriodOut]
