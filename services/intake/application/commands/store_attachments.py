"""Attachments are stored before their arrival is decided: no transaction waits for the object store."""

from services.intake.adapters.attachment_store import AttachmentStore
from services.intake.application.commands.accept import load_known
from services.intake.domain.acceptance import in_its_contact
from services.intake.domain.arrival import Arrival
from services.intake.domain.attachment_key import key_of
from shared.database.database import Database


class StoreAttachments:
    """Fixes the contact of an arrival that brings files, and stores them under it.

    What then is refused, or fails, leaves objects that no row names: see `OrphanSweep`.
    """

    def __init__(self, database: Database, store: AttachmentStore) -> None:
        self._database, self._store = database, store

    async def __call__(self, arrival: Arrival) -> Arrival:
        """The arrival with its contact; its files are durable. Raises `Unavailable`."""
        if not arrival.attachments:
            return arrival
        async with self._database.connection() as tx:
            known = await load_known(tx, [arrival])
        placed = in_its_contact(arrival, known)
        if placed.contact_id is not None:
            key = placed.contact_id
            await self._store.put({key_of(key, f.digest): f.content for f in placed.attachments})
        return placed
