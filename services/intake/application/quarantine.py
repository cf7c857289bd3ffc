"""Quarantine: what cannot be read is kept as it came, and read again when we can do better."""

from collections import Counter
from collections.abc import Sequence
from itertools import compress
from uuid import UUID

from services.intake.adapters import store_quarantine, store_tally
from services.intake.adapters.rereading import (
    INBOX,
    left_at_origin,
    of_dead_letter,
    read_again,
    size_of,
)
from services.intake.adapters.store_quarantine import Quarantined
from services.intake.adapters.store_tally import Column
from services.intake.application.accept import Accept
from services.intake.application.accounts import column_of, record
from services.intake.application.centre import CurrentCentre
from services.intake.domain.arrival import KeyReused, Outcome, Receipt
from services.intake.domain.quarantine import Room, fitting
from shared.contracts.cloudevents import REPLAYS, Incoming
from shared.contracts.event import Event
from shared.database.database import Tx, once_committed
from shared.kernel.clock import Clock
from shared.kernel.errors import Conflict, Missing
from shared.messaging.dead_letter import DeadLetter
from shared.observability import metrics
from shared.observability.logging import get_logger

log = get_logger(__name__)


class InboxQuarantine:
    """Where records of the inbox go that cannot be taken, each counted once.

    There is a bound for what publishers get wrong, for they may be many. Beyond it a record is
    counted, with the partition, the offsets and the kind of reason, and left at its origin.
    """

    def __init__(self, room: Room, clock: Clock) -> None:
        self._room, self._clock = room, clock
        self._is_full = False

    async def keep(self, tx: Tx, letters: Sequence[DeadLetter]) -> None:
        """Put aside what we failed over; dead letters have a limit of their own."""
        await self._store(tx, await self._new(tx, letters))

    async def keep_if_there_is_room(self, tx: Tx, letters: Sequence[DeadLetter]) -> None:
        """Put aside what its publisher got wrong. Two members at once may pass the bound by a batch."""
        new = await self._new(tx, letters)
        used = await store_quarantine.used(tx, INBOX)
        fits = fitting(map(size_of, new), self._room, *used)
        await self._store(tx, list(compress(new, fits)))
        left = [letter for letter, fit in zip(new, fits, strict=True) if not fit]
        if left:
            await self._leave(tx, left)
        once_committed(self._tell, len(left))

    async def _store(self, tx: Tx, letters: Sequence[DeadLetter]) -> None:
        now = self._clock.now()
        await keep(tx, [of_dead_letter(letter, now) for letter in letters])

    async def _leave(self, tx: Tx, letters: Sequence[DeadLetter]) -> None:
        now = self._clock.now()
        items = [left_at_origin(letter, now) for letter in letters]
        await store_quarantine.overflowed(tx, items)
        await record(tx, Counter((item.channel, Column.QUARANTINED) for item in items))

    def _tell(self, left: int) -> None:
        """Each time it gets full, once; the metric goes on counting."""
        metrics.intake_quarantine_overflow.inc(left)
        if left and not self._is_full:
            log.error("the quarantine is full: records are left at their origin", count=left)
        self._is_full = bool(left)

    async def _new(self, tx: Tx, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
        """All but replays of what waits here, or waited, since it first failed."""
        return [letter for letter in letters if not await self._is_here(tx, letter)]

    async def _is_here(self, tx: Tx, letter: DeadLetter) -> bool:
        if REPLAYS not in dict(letter.headers):
            return False
        key = of_dead_letter(letter, self._clock.now()).arrival_key
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
