"""The routes: figures, and what they mean."""

from datetime import datetime
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Query

from services.analytics.application import answering
from services.analytics.domain.definitions import DEFINITIONS
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

Moment: TypeAlias = Annotated[datetime, Query(description="A full hour, with its time zone.")]
From: TypeAlias = Annotated[
    datetime, Query(alias="from", description="A full hour, with its zone.")
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
        start: From,
        to: Moment,
        grain: Cut = "total",
        queue: Queue = None,
        channel: Channel | None = None,
    ) -> AnswerOut:
        """Every figure of every period, of all contacts or of one queue, one channel or both."""
        asked = span(start, to, grain)
        async with database.connection() as tx:
            answer = await answering.figures(tx, asked, queue_id=queue, channel=channel)
        periods = [PeriodOut.model_validate(period) for period in answer.periods]
        return AnswerOut(
            as_of=answer.as_of, grain=grain, queue=queue, channel=channel, periods=periods
        )

    @routes.get("/definitions")
    async def definitions() -> DefinitionsOut:
        """What each figure says, and how it is computed."""
        return DefinitionsOut(
            definitions=[DefinitionOut.model_validate(definition) for definition in DEFINITIONS]
        )

    return routes
