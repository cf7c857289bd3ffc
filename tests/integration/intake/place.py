"""Intake at work on a database of its own: its ways in, and a look behind them."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from services.intake.adapters.attachment_store import AttachmentStore
from services.intake.adapters.channels.email.readers import MailReaders
from services.intake.adapters.db import queues as stored_queues
from services.intake.adapters.language import LanguageDetector
from services.intake.application.centre_config import CurrentCentreConfig
from services.intake.application.commands.accept import Accept
from services.intake.application.commands.replay_quarantined import ReplayQuarantined
from services.intake.application.commands.store_attachments import StoreAttachments
from services.intake.application.handlers.contacts import ContactHandler
from services.intake.application.handlers.deliveries import DeliveryHandler
from services.intake.application.inbound_mail import InboundMail
from services.intake.application.orphan_sweep import OrphanSweep
from services.intake.application.submission import Submission
from services.intake.domain.arrival import Accepted, Arrival, Outcome, Receipt
from services.intake.domain.channels import Channels
from services.intake.domain.quarantine_room import Room
from services.intake.domain.queues import QueueState
from services.intake.entrypoints.consumer import DELIVERIES, INBOX, subscriptions
from services.intake.entrypoints.jobs import Context
from services.intake.settings import AttachmentSettings, ReadingSettings
from shared.contracts.cloudevents import Incoming, decode
from shared.contracts.event import Event
from shared.contracts.routing import QueueChanged
from shared.database.database import Database, Tx
from shared.messaging.consumer.subscription import Subscription
from shared.messaging.outbox.backlog import Backlog, Limit
from shared.messaging.outbox.use_case import Result, execute
from tests.support.clock import FakeClock
from tests.support.records import outbox_record
from tests.unit.intake.builders import CHANNELS, DEFAULTS, WORDINGS

DETECT = LanguageDetector()
ROOM = Room(max_count=10_000, max_bytes=256 * 2**20)
KEPT = timedelta(days=30)
"""How long a contact is kept to which nothing happens."""
OUTBOX = "select * from outbox order by xid, position"
SUMS = """
select channel, sum(received)::int, sum(stored)::int, sum(quarantined)::int, sum(deduplicated)::int
from tally group by channel order by channel
"""


AWAY = AttachmentSettings(url="s3://nowhere", endpoint="http://127.0.0.1:1")


def in_folder(folder: Path) -> AttachmentSettings:
    """A store of attachments in this folder."""
    return AttachmentSettings(url=folder.as_uri(), single_node=True)


class Intake:
    """The use cases over one database, with a clock that stands still."""

    def __init__(
        self,
        database: Database,
        clock: FakeClock,
        readers: MailReaders | None = None,
        channels: Channels = CHANNELS,
        attachments: AttachmentSettings = AWAY,
        *,
        limit: Limit | None = None,
    ) -> None:
        self.database, self.clock, self.room = database, clock, ROOM
        self.use_case, self.backlog = Accept(DETECT), Backlog(database, limit)
        self.config = CurrentCentreConfig(DEFAULTS, WORDINGS.acknowledgement, channels, clock)
        self.store = AttachmentStore(attachments)
        self.store_attachments = StoreAttachments(database, self.store)
        self.orphans = OrphanSweep(database, self.store, clock)
        self.submission = Submission(
            database,
            self.use_case,
            self.config,
            self.store_attachments,
            backlog=self.backlog,
            max_in_flight=2,
            max_batch=500,
            max_bytes=2**20,
        )
        self.readers = readers or MailReaders(ReadingSettings())
        self.mail = InboundMail(database, self.submission, self.readers, clock)
        self.replay = ReplayQuarantined(
            database,
            self.use_case,
            self.config,
            self.readers,
            store_attachments=self.store_attachments,
            clock=clock,
        )
        self.contacts = ContactHandler(INBOX, self.use_case, self.config, clock, ROOM)
        self.deliveries = DeliveryHandler(DELIVERIES, channels)

    def subscriptions(self) -> Sequence[Subscription]:
        """What a worker consumes; each call is as good as a worker of its own."""
        return subscriptions(self.use_case, self.config, self.clock, self.room, self.backlog.admit)

    def jobs(self, *, batch: int) -> Context:
        """What the periodic jobs work with."""
        longest = timedelta(seconds=1)
        return Context(
            self.database, self.clock, batch, longest, self.orphans, KEPT, self.backlog.admit
        )

    async def accept(self, *arrivals: Arrival) -> list[Outcome]:
        """Accept a set in one transaction."""

        async def accept(tx: Tx) -> Result[list[Outcome]]:
            return await self.use_case(tx, arrivals, await self.config.read(tx))

        return await execute(self.database, accept)

    async def stored(self, arrival: Arrival) -> Receipt:
        """Accept one that is new; its receipt."""
        [outcome] = await self.accept(arrival)
        assert isinstance(outcome, Accepted)
        return outcome.receipt

    async def know(self, *queues: QueueChanged) -> None:
        """Routing has published these queues."""
        async with self.database.transaction() as tx:
            states = [QueueState(queue, self.clock.now()) for queue in queues]
            await stored_queues.save(tx, states)
        self.clock.advance(1)

    async def rows(self, sql: str, *values: Any) -> Sequence[Any]:
        async with self.database.connection() as tx:
            return await tx.fetch(sql, *values)

    async def value(self, sql: str, *values: Any) -> Any:
        async with self.database.connection() as tx:
            return await tx.fetchval(sql, *values)

    async def said(self) -> list[Incoming[Event]]:
        """All that is in the outbox, as a consumer will read it."""
        return [
            decode(outbox_record(row)) for row in await self.rows(OUTBOX) if row["type"] is not None
        ]

    async def said_of(self, subject: UUID) -> list[Event]:
        """What was said of one contact or customer."""
        return [each.data for each in await self.said() if each.subject == str(subject)]

    async def accounts(self) -> dict[str, tuple[int, int, int, int]]:
        """By channel: received, stored, quarantined, deduplicated."""
        return {row[0]: (row[1], row[2], row[3], row[4]) for row in await self.rows(SUMS)}
