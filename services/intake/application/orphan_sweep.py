"""Orphans: attachments that were stored for a contact which then did not come to be, or has expired."""

from collections.abc import AsyncIterator, Iterable
from datetime import timedelta

from services.intake.adapters.attachment_store import AttachmentStore, StoredObject
from services.intake.adapters.db import contacts
from services.intake.domain.attachment_key import contact_of
from shared.database.database import Database
from shared.kernel.clock import Clock
from shared.observability import metrics

OLD_ENOUGH = timedelta(days=1)
"""Far longer than an arrival can take from its files to its commit."""


class OrphanSweep:
    """Looks through the store from end to end, again and again, a page at each step.

    It goes by the contact: each that is opened has an id which was never used before, so a contact
    that is not there after a day will never be, or never again. A file of a contact that is there may be named by a
    row at any moment, by the same mail sent once more, so it stays.
    """

    def __init__(self, database: Database, store: AttachmentStore, clock: Clock) -> None:
        self._database, self._store, self._clock = database, store, clock
        self._pages: AsyncIterator[list[StoredObject]] | None = None

    async def step(self) -> bool:
        """Delete the orphans of the next page; False after the last one. Raises `Unavailable`."""
        pages = self._pages or self._store.pages()
        self._pages = None  # whatever fails begins from the start
        page = await anext(pages, None)
        if page is None:
            return False
        orphans = await self._orphans(page)
        await self._store.delete(orphans)
        metrics.intake_orphans_deleted.inc(len(orphans))
        self._pages = pages
        return True

    async def _orphans(self, page: Iterable[StoredObject]) -> list[str]:
        latest = self._clock.now() - OLD_ENOUGH
        old = [each.key for each in page if each.written_at < latest]
        owners = {key: owner for key in old if (owner := contact_of(key))}
        async with self._database.connection() as tx:
            there = await contacts.existing(tx, set(owners.values()))
        return [key for key, owner in owners.items() if owner not in there]
