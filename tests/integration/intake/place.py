"""Intake at work on a database of its own: its doors, and a look behind them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.intake.adapters import store_centre
from services.intake.adapters.language import LanguageDetector
from services.intake.adapters.reading import MailReaders
from services.intake.application.accept import Accept
from services.intake.application.centre import CurrentCentre
from services.intake.application.hearing import Hearing
from services.intake.application.mail_room import MailRoom
from services.intake.application.quarantine import Replay
from services.intake.application.reception import Reception
from services.intake.domain.arrival import Accepted, Arrival, Outcome, Receipt
from services.intake.settings import ReadingSettings
from shared.contracts.cloudevents import Incoming, decode
from shared.contracts.event import Event
from shared.contracts.routing import QueueChanged
from shared.database.database import Database
from shared.messaging.outbox.outbox import unpack
from tests.support.clock import FakeClock
from tests.support.records import FakeRecord
from tests.unit.intake.builders import DEFAULTS, WORDINGS

DETECT = LanguageDetector()
OUTBOX = "select * from outbox order by xid, position"
SUMS = """
select channel, sum(received)::int, sum(stored)::int, sum(quarantined)::int, sum(deduplicated)::int
from tally group by channel order by channel
"""


class Intake:
    """The use cases over one database, with a clock that stands still."""

    def __init__(
        self, database: Database, clock: FakeClock, readers: MailReaders | None = None
    ) -> None:
        self.database, self.clock = database, clock
        self.accept = Accept(DETECT)
        self.centre = CurrentCentre(DEFAULTS, WORDINGS.acknowledgement, clock)
        self.reception = Reception(database, self.accept, self.centre, lanes=2, cap=500)
        self.readers = readers or MailReaders(ReadingSettings())
        self.room = MailRoom(database, self.reception, self.readers, clock)
        self.replay = Replay(database, self.accept, self.centre, self.readers, clock)
        self.hearing = Hearing(self.accept, self.centre, clock)

    async def take(self, *arrivals: Arrival) -> list[Outcome]:
        """Accept a set in one transaction."""
        async with self.database.transaction() as tx:
            return await self.accept(tx, arrivals, await self.centre.read(tx))

    async def stored(self, arrival: Arrival) -> Receipt:
        """Accept one that is new; its receipt."""
        [outcome] = await self.take(arrival)
        assert isinstance(outcome, Accepted)
        return outcome.receipt

    async def know(self, *queues: QueueChanged) -> None:
        """Routing has told of these queues."""
        async with self.database.transaction() as tx:
            await store_centre.keep_queues(tx, [(queue, self.clock.now()) for queue in queues])
        self.clock.advance(1)

    async def rows(self, sql: str, *values: Any) -> Sequence[Any]:
        async with self.database.connection() as tx:
            return await tx.fetch(sql, *values)

    async def value(self, sql: str, *values: Any) -> Any:
        async with self.database.connection() as tx:
            return await tx.fetchval(sql, *values)

    async def said(self) -> list[Incoming[Event]]:
        """All that is in the outbox, as a consumer will read it."""
        return [_read(row) for row in await self.rows(OUTBOX) if row["seq"] is not None]

    async def said_of(self, subject: UUID) -> list[Event]:
        """What was said of one contact or customer."""
        return [each.data for each in await self.said() if each.subject == str(subject)]

    async def accounts(self) -> dict[str, tuple[int, int, int, int]]:
        """By channel: received, stored, quarantined, deduplicated."""
        return {row[0]: (row[1], row[2], row[3], row[4]) for row in await self.rows(SUMS)}


def _read(row: Any) -> Incoming[Event]:
    headers = [
        *unpack(row["headers"]),
        ("ce_source", b"rapport/intake"),
        ("ce_seq", b"%d" % row["seq"]),
    ]
    return decode(FakeRecord(row["value"], headers, row["key"], topic=row["topic"]))
