"""Quarantine: what cannot be read is kept as it came, and read again when we can do better."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.intake.adapters import store_quarantine, store_tally
from services.intake.adapters.reading import MailReaders
from services.intake.adapters.rereading import read_again
from services.intake.adapters.store_quarantine import Quarantined
from services.intake.adapters.store_tally import Column
from services.intake.application.accept import Accept
from services.intake.application.accounts import column_of, record
from services.intake.application.centre import CurrentCentre
from services.intake.domain.arrival import Arrival, KeyReused, Outcome, Receipt
from shared.database.database import Database, Tx
from shared.kernel.clock import Clock
from shared.kernel.errors import Conflict, Missing


async def keep(tx: Tx, items: Sequence[Quarantined]) -> None:
    """Put aside, counted as received and quarantined; what is there already is not counted again."""
    channels = await store_quarantine.keep(tx, items)
    await record(tx, Counter((channel, Column.QUARANTINED) for channel in channels))


class Replay:
    """Reads a quarantined thing once more and lets it in like any other."""

    def __init__(
        self,
        database: Database,
        accept: Accept,
        centre: CurrentCentre,
        readers: MailReaders,
        clock: Clock,
    ) -> None:
        self._database, self._readers = database, readers
        self._accept, self._centre, self._clock = accept, centre, clock

    async def __call__(self, quarantine_id: UUID) -> tuple[Column, Receipt]:
        """What became of it. Raises `Invalid` if it still cannot be read, `Missing`, `Conflict`.

        It is read outside of a transaction: an open one holds up the relay.
        """
        async with self._database.connection() as tx:
            item = await self._waiting(tx, quarantine_id)
        now = self._clock.now()
        arrival = await read_again(item, self._readers, now)
        async with self._database.transaction() as tx:
            await self._waiting(tx, quarantine_id)
            return await self._let_in(tx, item, arrival, now)

    async def _let_in(
        self, tx: Tx, item: Quarantined, arrival: Arrival, now: datetime
    ) -> tuple[Column, Receipt]:
        [outcome] = await self._accept.admit(tx, [arrival], await self._centre.read(tx))
        column, receipt = _received(outcome)
        await store_quarantine.replayed(tx, item.quarantine_id, receipt.contact_id, now)
        moved = {(item.channel, Column.QUARANTINED): -1, (item.channel, column): 1}
        await store_tally.add(tx, moved)
        return column, receipt

    async def _waiting(self, tx: Tx, quarantine_id: UUID) -> Quarantined:
        item = await store_quarantine.waiting(tx, quarantine_id)
        if item:
            return item
        if await store_quarantine.one(tx, quarantine_id):
            raise Conflict("it was replayed before")
        raise Missing("there is nothing in quarantine under this id")


def _received(outcome: Outcome) -> tuple[Column, Receipt]:
    column = column_of(outcome)
    if column is None or isinstance(outcome, KeyReused):
        raise Conflict("something else came in under the same key")
    return column, outcome.receipt
