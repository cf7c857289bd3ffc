"""How check-ins stand, for operators."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.followup.adapters.db import check_ins
from services.followup.adapters.db.rows import from_check_in
from services.followup.domain.check_ins.model import CheckIn
from shared.database.database import Database
from shared.http.auth import require
from shared.http.paging import DEFAULT, Limit


class CheckInOut(BaseModel):
    """How a check-in stands, for an operator."""

    check_in_id: UUID
    contact_id: UUID
    resolution_id: UUID
    agent_id: str
    number: int
    state: str
    claimed_at: datetime
    due_at: datetime | None = None
    sent_at: datetime | None = None
    closes_at: datetime | None = None
    settled_at: datetime | None = None
    csat: int | None = None
    skipped_at: datetime | None = None
    skipped_reason: str | None = None
    word_owed: bool = Field(
        False, description="The customer wrote after the claim; an agent has to say what that is."
    )
    nothing_new_at: datetime | None = None
    still_open: bool = False

    @classmethod
    def of(cls, check_in: CheckIn) -> Self:
        return cls.model_validate(from_check_in(check_in))


class CheckInsOut(BaseModel):
    """A page of the check-ins of a contact, in the order in which its resolutions were claimed.

    `next` is the `after` of the next page, null on the last.
    """

    check_ins: list[CheckInOut]
    next: int | None


def router(database: Database) -> APIRouter:
    """The operators' routes."""
    routes = APIRouter(prefix="/v1")

    @routes.get("/check-ins", dependencies=[require("followup.admin")])
    async def check_ins_of_a_contact(
        contact_id: UUID,
        after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
        limit: Limit = DEFAULT,
    ) -> CheckInsOut:
        """How the check-ins of a contact stand; empty if nothing was ever claimed."""
        async with database.connection() as tx:
            found = await check_ins.of_contact(tx, contact_id, after, limit)
        last = found[-1].claim.number if len(found) == limit else None
        return CheckInsOut(check_ins=[CheckInOut.of(check_in) for check_in in found], next=last)

    return routes
