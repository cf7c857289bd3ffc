"""The routes: figures, and what they mean."""

from datetime import datetime, tzinfo
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Query

from services.analytics.application import answering
from services.analytics.domain.figures.registry import DEFINITIONS, asked_for
from services.analytics.domain.periods import MAX_PERIODS, Grain, span
from services.analytics.domain.rollups import NOT_QUEUED
from services.analytics.entrypoints.schemas import (
    AnswerOut,
    DefinitionOut,
    DefinitionsOut,
    PeriodOut,
)
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
Asked: TypeAlias = Annotated[
    list[str] | None,
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


def router(database: Database) -> APIRouter:
    """All routes of analytics."""
    routes = APIRouter(prefix="/v1", dependencies=[require("figures.read")])

    @routes.get("/figures")
    async def figures(
        *,
        start: From,
        to: Moment,
        grain: Cut = "total",
        zone: Zone = None,
        figure: Asked = None,
        queue: Queue = None,
        channel: Channel | None = None,
    ) -> AnswerOut:
        """The asked figures of every period, of all contacts or of one queue, one channel or both."""
        asked, wanted = span(start, to, grain, zone), asked_for(figure or ())
        async with database.connection() as tx:
            answer = await answering.figures(tx, asked, wanted, queue_id=queue, channel=channel)
        return AnswerOut(
            as_of=answer.as_of,
            grain=grain,
            zone=zone,
            queue=queue,
            channel=channel,
            periods=[_shown(period, asked.zone) for period in answer.periods],
        )

    @routes.get("/definitions")
    async def definitions() -> DefinitionsOut:
        """What each figure says, and how it is computed."""
        return DefinitionsOut(
            definitions=[DefinitionOut.model_validate(definition) for definition in DEFINITIONS]
        )

    return routes


def _shown(period: answering.Period, clock: tzinfo) -> PeriodOut:
    """With its start and end as the asked clock shows them: the offsets tell where it changed."""
    shown = PeriodOut.model_validate(period)
    local = {"start": period.start.astimezone(clock), "end": period.end.astimezone(clock)}
    return shown.model_copy(update=local)
