"""The tally: what came in, and what became of it."""

from fastapi import APIRouter

from services.intake.adapters.db import tally
from services.intake.entrypoints.api.base import ADMIN, Out
from shared.database.database import Database
from shared.http.auth import require


class ChannelTallyOut(Out):
    """received = stored + quarantined + deduplicated."""

    channel: str
    received: int
    stored: int
    quarantined: int
    deduplicated: int


class TallyOut(Out):
    """The tally of all channels."""

    channels: list[ChannelTallyOut]


def tally_routes(database: Database) -> APIRouter:
    """What operators read."""
    routes = APIRouter(prefix="/v1", tags=["administration"], dependencies=[require(ADMIN)])

    @routes.get("/tally")
    async def read_the_tally() -> TallyOut:
        """What came in, and what became of it, by channel."""
        async with database.connection() as tx:
            sums = await tally.sums(tx)
        return TallyOut(channels=[ChannelTallyOut.model_validate(each) for each in sums])

    return routes
