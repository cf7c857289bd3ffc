"""Quarantine: what cannot be read is kept as it came, and read again when we can do better."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from services.intake.adapters import store_quarantine, store_tally
from services.intake.adapters.rereading import read_again
from services.intake.adapters.store_quarantine import Quarantined
from services.intake.adapters.store_tally import Column
from services.intake.application.accept import Accept
from services.intake.application.accounts import column_of, record
from services.intake.application.centre import CurrentCentre
from services.intake.domain.arrival import KeyReused, Outcome, Receipt
from shared.database.database import Tx
from shared.kernel.clock import Clock
from shared.kernel.errors import Conflict, Missing


async def keep(tx: Tx, items: Sequence[Quarantined]) -> None:
    """Put aside, counted as received and quarantined; what is there already is not counted again."""
    channels = await store_quarantine.keep(tx, items)
    await record(tx, Counter((channel, Column.QUARANTINED) for channel in channels))


class Replay:
    """Reads a quarantined thing once more and lets it in like any other."""

    def __init__(self, accept: Accept, centre: CurrentCentre, clock: Clock) -> None:
        self._accept, self._centre, self._clock = accept, centre, clock

    async def __call__(self, tx: Tx, quarantine_id: UUID) -> tuple[Column, Receipt]:
        """What became of it. Raises `Invalid` if it still cannot be read, `Missing`, `Conflict`."""
        item = await self._waiting(tx, quarantine_id)
        now = self._clock.now()
        arrival = read_again(item, now)
        [outcome] = await self._accept.admit(tx, [arrival], await self._centre.read(tx))
        column, receipt = _received(outcome)
        await store_quarantine.replayed(tx, quarantine_id, receipt.contact_id, now)
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
