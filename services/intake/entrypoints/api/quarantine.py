"""Quarantine: what could not be read, and reading it once more."""

from base64 import b64encode
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from services.intake.adapters.db import quarantine
from services.intake.application.commands.replay_quarantined import ReplayQuarantined
from services.intake.entrypoints.api.base import ADMIN, Out
from shared.database.database import Database
from shared.http.auth import Caller, require
from shared.kernel.errors import Missing
from shared.observability.logging import get_logger

log = get_logger(__name__)


class OriginOut(Out):
    """Where a record stands in the log."""

    topic: str
    partition: int
    offset: int


class QuarantineEntryOut(Out):
    """Something that could not be read; `origin` is null if it did not come over Kafka."""

    quarantine_id: UUID
    source: str = Field(serialization_alias="door")
    channel: str
    reason: str
    size: int
    received_at: datetime
    replayed_at: datetime | None
    contact_id: UUID | None
    origin: OriginOut | None


class QuarantineOverflowOut(Out):
    """Records that are counted and not kept: they stand between these offsets of their topic."""

    topic: str
    partition: int
    channel: str
    reason: str
    count: int
    first_offset: int
    last_offset: int
    first_at: datetime
    last_at: datetime


class QuarantineListOut(Out):
    """A page of the quarantine, newest first; `next` is the `before` of the next page.

    `overflow` is what there was no room for, of all time.
    """

    items: list[QuarantineEntryOut]
    next: UUID | None
    overflow: list[QuarantineOverflowOut]


class QuarantinedOut(Out):
    """The thing itself."""

    quarantine_id: UUID
    source: str = Field(serialization_alias="door")
    channel: str
    reason: str
    received_at: datetime
    envelope: Any
    content_base64: str


class ReplayedOut(Out):
    """What a replay came to: `stored` or `deduplicated`."""

    outcome: str
    contact_id: UUID
    message_id: UUID


def quarantine_routes(database: Database, replay: ReplayQuarantined) -> APIRouter:
    """What operators use."""
    routes = APIRouter(prefix="/v1", tags=["administration"], dependencies=[require(ADMIN)])

    @routes.get("/quarantine")
    async def list_the_quarantine(
        before: UUID | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
    ) -> QuarantineListOut:
        """What could not be read, newest first."""
        async with database.connection() as tx:
            found = await quarantine.entries(tx, before, limit)
            overflow = await quarantine.overflow(tx)
        last = found[-1].quarantine_id if len(found) == limit else None
        items = [QuarantineEntryOut.model_validate(entry) for entry in found]
        left = [QuarantineOverflowOut.model_validate(each) for each in overflow]
        return QuarantineListOut(items=items, next=last, overflow=left)

    @routes.get(
        "/quarantine/{quarantine_id}",
        responses={404: {"description": "There is nothing in quarantine under this id."}},
    )
    async def read_from_the_quarantine(
        quarantine_id: UUID, caller: Annotated[Caller, require(ADMIN)]
    ) -> QuarantinedOut:
        """One of them with its bytes. Who looks is logged."""
        async with database.connection() as tx:
            found = await quarantine.one(tx, quarantine_id)
        if found is None:
            raise Missing("there is nothing in quarantine under this id")
        log.info("quarantine read", quarantine_id=str(quarantine_id), caller=caller.subject)
        content = b64encode(found.content).decode()
        return QuarantinedOut(
            quarantine_id=found.quarantine_id,
            source=found.source,
            channel=found.channel,
            reason=found.reason,
            received_at=found.received_at,
            envelope=found.envelope,
            content_base64=content,
        )

    @routes.post(
        "/quarantine/{quarantine_id}/replay",
        responses={
            404: {"description": "There is nothing in quarantine under this id."},
            409: {"description": "It was replayed before, or its key is that of something else."},
        },
    )
    async def replay_from_the_quarantine(
        quarantine_id: UUID, caller: Annotated[Caller, require(ADMIN)]
    ) -> ReplayedOut:
        """Read it once more, and accept it if it can be read now."""
        column, receipt = await replay(quarantine_id)
        log.info("quarantine replayed", quarantine_id=str(quarantine_id), caller=caller.subject)
        return ReplayedOut(
            outcome=column, contact_id=receipt.contact_id, message_id=receipt.message_id
        )

    return routes
