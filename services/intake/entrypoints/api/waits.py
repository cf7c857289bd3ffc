"""Waits: how to reach us, and how long it takes; public, so that nobody has to guess."""

from datetime import datetime

from fastapi import APIRouter

from services.intake.adapters.db import queues
from services.intake.domain.channels import Channels
from services.intake.domain.waits import waits
from services.intake.entrypoints.api.base import Out
from shared.database.database import Database
from shared.http.auth import public
from shared.kernel.clock import Clock


class WaitOut(Out):
    """How long a contact about a topic waits now; `basis` says whether that is a forecast or a target."""

    topic: str
    languages: list[str]
    wait_seconds: float
    basis: str
    as_of: datetime | None


class WaitsOut(Out):
    """How to reach us, and how long it takes."""

    channels: list[str]
    mail: str
    waits: list[WaitOut]


def waits_routes(database: Database, clock: Clock, channels: Channels, mail: str) -> APIRouter:
    """What everybody may know; `mail` is the address we are written to."""
    routes = APIRouter(prefix="/v1", tags=["waits"])

    @routes.get("/waits", dependencies=[public()])
    async def read_the_waits() -> WaitsOut:
        """How to reach us, and how long each matter waits now."""
        async with database.connection() as tx:
            known = await queues.all_queues(tx)
        found = [WaitOut.model_validate(wait) for wait in waits(known, clock.now())]
        return WaitsOut(channels=list(channels.open()), mail=mail, waits=found)

    return routes
