"""The figures of a span of time, cut into periods."""

from datetime import datetime, tzinfo
from typing import Annotated, Any, Final, TypeAlias

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from services.analytics.application.queries.figures import Period, read_figures
from services.analytics.domain.calendar_periods import MAX_PERIODS, Grain, span
from services.analytics.domain.figures.definition import Unit
from services.analytics.domain.figures.registry import definitions_of
from services.analytics.domain.rollups import NOT_QUEUED
from shared.contracts.values import Channel
from shared.database.database import Database
from shared.http.auth import require

MOMENT = "A full quarter of an hour, with its offset; without one, by the clock of the zone."
Moment: TypeAlias = Annotated[datetime, Query(description=MOMENT)]
From: TypeAlias = Annotated[datetime, Query(alias="from", description=MOMENT)]
Zone: TypeAlias = Annotated[
    str | None,
    Query(
        max_length=64,
        description="The IANA time zone whose hours and days are meant, such as `Asia/Kolkata`;"
        " without one, a clock with the offset of `from` that never changes.",
    ),
]
Ids: TypeAlias = Annotated[
    list[Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9_]+$")]] | None,
    Query(description="The id of a definition, once for each asked figure; without one, all."),
]
Queue: TypeAlias = Annotated[
    str | None,
    Query(
        max_length=64,
        pattern=r"^(-|[a-z0-9][a-z0-9_.-]*)$",
        description=f"The first queue of the contacts; `{NOT_QUEUED}`: not queued yet.",
    ),
]
Cut: TypeAlias = Annotated[
    Grain, Query(description=f"How the time is cut: at most {MAX_PERIODS} periods.")
]
REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    422: {
        "description": "A figure is not defined, or the time is no whole number of at most"
        f" {MAX_PERIODS} periods by the clock of the zone."
    }
}


class FigureOut(BaseModel):
    """One figure. A value is null where nothing was counted."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    definition: str = Field(description="The definition's id.")
    version: int = Field(description="The definition's version.")
    unit: Unit
    n: int = Field(description="The number of things the values rest on.")
    values: dict[str, int | float | None]


class PeriodOut(BaseModel):
    """The asked figures of the contacts received in [start, end), by definition id."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    start: datetime = Field(description="By the clock of the asked zone, as is the end.")
    end: datetime
    figures: dict[str, FigureOut]


class FiguresOut(BaseModel):
    """The periods that were asked for, without gaps."""

    as_of: datetime | None = Field(description="The time of the newest event that is counted.")
    grain: Grain
    zone: str | None
    queue: str | None
    channel: Channel | None
    periods: list[PeriodOut]


def router(database: Database) -> APIRouter:
    """The routes of figures."""
    routes = APIRouter(prefix="/v1", dependencies=[require("figures.read")])

    @routes.get("/figures", responses=REFUSALS)
    async def figures(
        *,
        start: From,
        to: Moment,
        grain: Cut = "total",
        zone: Zone = None,
        figure: Ids = None,
        queue: Queue = None,
        channel: Channel | None = None,
    ) -> FiguresOut:
        """The asked figures of every period, of all contacts or of one queue, one channel or both."""
        asked, definitions = span(start, to, grain, zone), definitions_of(figure or ())
        async with database.connection() as tx:
            found = await read_figures(tx, asked, definitions, queue_id=queue, channel=channel)
        return FiguresOut(
            as_of=found.as_of,
            grain=grain,
            zone=zone,
            queue=queue,
            channel=channel,
            periods=[_local(period, asked.zone) for period in found.periods],
        )

    return routes


def _local(period: Period, clock: tzinfo) -> PeriodOut:
    """With its start and end as the asked clock shows them: the offsets tell where it changed."""
    shown = PeriodOut.model_validate(period)
    local = {"start": period.start.astimezone(clock), "end": period.end.astimezone(clock)}
    return shown.model_copy(update=local)
