"""Attachments: the files of a message, streamed from their store."""

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Path
from fastapi.responses import StreamingResponse

from services.intake.adapters.attachment_store import AttachmentStore
from services.intake.adapters.db import views
from services.intake.adapters.db.views import StoredAttachment
from services.intake.domain.attachment_key import key_of
from services.intake.entrypoints.api.base import PUBLISH
from shared.database.database import Database
from shared.http.auth import Caller, require
from shared.kernel.errors import Missing
from shared.observability.logging import get_logger

BYTES = "application/octet-stream"
CONTENT = {BYTES: {"schema": {"type": "string", "format": "binary"}, "example": "the bytes"}}
LAST_POSITION = 32_767

log = get_logger(__name__)


def attachment_routes(database: Database, store: AttachmentStore) -> APIRouter:
    """What reads the files that a contact lists."""
    routes = APIRouter(prefix="/v1", tags=["contacts"])

    @routes.get(
        "/contacts/{contact_id}/messages/{message_id}/attachments/{position}",
        response_class=StreamingResponse,
        responses={
            200: {"description": "The file.", "content": CONTENT},
            404: {"description": "There is no such attachment."},
        },
    )
    async def download_an_attachment(
        contact_id: UUID,
        message_id: UUID,
        position: Annotated[int, Path(ge=0, le=LAST_POSITION)],
        caller: Annotated[Caller, require(PUBLISH)],
    ) -> StreamingResponse:
        """The bytes as they came, from a stranger: to be saved, not shown. Who downloads is logged."""
        async with database.connection() as tx:
            found = await views.attachment(tx, contact_id, message_id, position)
        if found is None:
            raise Missing("there is no such attachment")
        content = await store.read(key_of(contact_id, found.digest), found.size)
        log.info("attachment read", message_id=str(message_id), caller=caller.subject)
        return StreamingResponse(content, media_type=BYTES, headers=_headers(found))

    return routes


def _headers(file: StoredAttachment) -> dict[str, str]:
    """Under its name (RFC 6266); what its sender calls its media type is not passed on to browsers."""
    name = f"filename*=UTF-8''{quote(file.name, safe='')}" if file.name else ""
    return {
        "content-length": str(file.size),
        "content-disposition": "; ".join(filter(None, ("attachment", name))),
    }
