"""Quarantine: what cannot be read is kept as it came, and read again when we can do better."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import compress
from uuid import UUID

from services.intake.adapters import store_quarantine, store_tally
from services.intake.adapters.reading import MailReaders
from services.intake.adapters.rereading import (
    INBOX,
    left_at_origin,
    of_dead_letter,
    of_event,
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
from shared.database.database import Database, Tx, once_committed
from shared.kernel.clock import Clock
from shared.kernel.errors import Conflict, Missing
from shared.messaging.dead_letters.letter import DeadLetter
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
            item = await _waiting(tx, quarantine_id)
        now = self._clock.now()
        arrival = await read_again(item, self._readers, now)
        async with self._database.transaction() as tx:
            item = await _waiting(tx, quarantine_id)
            [outcome] = await self._accept.admit(tx, [arrival], await self._centre.read(tx))
            return await _settle(tx, item, outcome, now)


class ReplayedEvents:
    """Events of the inbox that an operator put back on their topic: they were received before."""

    def __init__(self, accept: Accept, centre: CurrentCentre, clock: Clock) -> None:
        self._accept, self._centre, self._clock = accept, centre, clock

    async def left_out(self, tx: Tx, events: Sequence[Incoming[Event]]) -> list[Incoming[Event]]:
        """The events without those that are kept in quarantine since their record first came.

        What still waits there is let in.
        """
        return [each for each in events if not (each.replayed and await self._is_kept(tx, each))]

    async def _is_kept(self, tx: Tx, event: Incoming[Event]) -> bool:
        """Whether it is in quarantine, or was; if it waits there, it does so no more."""
        quarantine_id = await store_quarantine.of_arrival(tx, event.id)
        item = quarantine_id and await store_quarantine.waiting(tx, quarantine_id)
        if item:
            now = self._clock.now()
            arrival = of_event(event, now)
            [outcome] = await self._accept.admit(tx, [arrival], await self._centre.read(tx))
            await _settle(tx, item, outcome, now)
        return quarantine_id is not None


async def _waiting(tx: Tx, quarantine_id: UUID) -> Quarantined:
    """The item, locked until `tx` ends. Raises `Missing`, and `Conflict` if it was let in before."""
    item = await store_quarantine.waiting(tx, quarantine_id)
    if item:
        return item
    if await store_quarantine.one(tx, quarantine_id):
        raise Conflict("it was replayed before")
    raise Missing("there is nothing in quarantine under this id")


async def _settle(
    tx: Tx, item: Quarantined, outcome: Outcome, now: datetime
) -> tuple[Column, Receipt]:
    """It was let in: it waits no more, and the tally moves it from quarantined to what it is now."""
    column, receipt = _received(outcome)
    await store_quarantine.replayed(tx, item.quarantine_id, receipt.contact_id, now)
    moved = {(item.channel, Column.QUARANTINED): -1, (item.channel, column): 1}
    await store_tally.add(tx, moved)
    return column, receipt


def _received(outcome: Outcome) -> tuple[Column, Receipt]:
    column = column_of(outcome)
    if column is None or isinstance(outcome, KeyReused):
        raise Conflict("something else came in under the same key")
    return column, outcome.receipt
