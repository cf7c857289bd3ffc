"""Quarantine: what cannot be read is kept as it came, and read again when we can do better."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.intake.adapters import store_quarantine, store_tally
from services.intake.adapters.rereading import of_dead_letter, read_again
from services.intake.adapters.store_quarantine import Quarantined
from services.intake.adapters.store_tally import Column
from services.intake.application.accept import Accept
from services.intake.application.accounts import column_of, record
from services.intake.application.centre import CurrentCentre
from services.intake.domain.arrival import KeyReused, Outcome, Receipt
from shared.contracts.cloudevents import REPLAYS, Incoming
from shared.contracts.event import Event
from shared.database.database import Tx
from shared.kernel.clock import Clock
from shared.kernel.errors import Conflict, Missing
from shared.messaging.dead_letter import DeadLetter


async def keep_dead_letters(tx: Tx, letters: Sequence[DeadLetter], now: datetime) -> None:
    """Put dead letters aside, but for a replay that failed again: it waits here already."""
    items = [(of_dead_letter(letter, now), REPLAYS in dict(letter.headers)) for letter in letters]
    await keep(tx, [item for item, again in items if not (again and await _is_here(tx, item))])


async def _is_here(tx: Tx, item: Quarantined) -> bool:
    key = item.arrival_key
    return key is not None and await store_quarantine.of_arrival(tx, key) is not None


async def keep(tx: Tx, items: Sequence[Quarantined]) -> None:
    """Put aside, counted as received and quarantined; what is there already is not counted again."""
    channels = await store_quarantine.keep(tx, items) if items else []
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

    async def all_but_replays(
        self, tx: Tx, events: Sequence[Incoming[Event]]
    ) -> list[Incoming[Event]]:
        """The events without those that an operator put back on their topic.

        Such an event was received, and is kept here, since its record first came; what still waits
        of it is let in.
        """
        return [each for each in events if not (each.replayed and await self._let_in(tx, each.id))]

    async def _let_in(self, tx: Tx, arrival_key: UUID) -> bool:
        """Whether the arrival is here, or was; if it waits, it does so no more."""
        quarantine_id = await store_quarantine.of_arrival(tx, arrival_key)
        if quarantine_id and await store_quarantine.waiting(tx, quarantine_id):
            await self(tx, quarantine_id)
        return quarantine_id is not None

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
