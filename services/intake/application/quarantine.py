"""Quarantine: what cannot be read is kept as it came, up to a bound."""

from collections import Counter
from collections.abc import Sequence
from itertools import compress

from services.intake.adapters.db import quarantine
from services.intake.adapters.db.quarantine import Quarantined
from services.intake.adapters.db.tally import Column
from services.intake.adapters.quarantine_codec import INBOX, left_at_origin, of_dead_letter, size_of
from services.intake.application.tally import record
from services.intake.domain.quarantine_room import Room, fitting
from shared.contracts.record import REPLAYS
from shared.database.database import Tx, once_committed
from shared.kernel.clock import Clock
from shared.messaging.dead_letters.letter import DeadLetter
from shared.observability import metrics
from shared.observability.logging import get_logger

log = get_logger(__name__)


async def keep(tx: Tx, items: Sequence[Quarantined]) -> None:
    """Put aside, counted as received and quarantined; what is there already is not counted again."""
    channels = await quarantine.keep(tx, items) if items else []
    await record(tx, Counter((channel, Column.QUARANTINED) for channel in channels))


class InboxQuarantine:
    """Where records of the inbox go that cannot be processed, each counted once.

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
        used = await quarantine.used(tx, INBOX)
        fits = fitting(map(size_of, new), self._room, *used)
        await self._store(tx, list(compress(new, fits)))
        left = [letter for letter, fit in zip(new, fits, strict=True) if not fit]
        if left:
            await self._leave(tx, left)
        once_committed(self._report, len(left))

    async def _store(self, tx: Tx, letters: Sequence[DeadLetter]) -> None:
        now = self._clock.now()
        await keep(tx, [of_dead_letter(letter, now) for letter in letters])

    async def _leave(self, tx: Tx, letters: Sequence[DeadLetter]) -> None:
        now = self._clock.now()
        items = [left_at_origin(letter, now) for letter in letters]
        await quarantine.overflowed(tx, items)
        await record(tx, Counter((item.channel, Column.QUARANTINED) for item in items))

    def _report(self, left: int) -> None:
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
        return key is not None and await quarantine.of_arrival(tx, key) is not None
