"""Followup without Kafka: its use cases on a real database, and what its outbox holds."""

import json
from dataclasses import dataclass
from datetime import timedelta

from pydantic import SecretStr

from services.followup.adapters.db import check_ins
from services.followup.adapters.links import Links
from services.followup.application.commands.answer_check_in import AnswerCheckIn
from services.followup.application.commands.ask_due import AskDue
from services.followup.application.commands.close_due import CloseDue
from services.followup.application.queries.questions import Questions
from services.followup.domain.check_ins.model import CheckIn, Sent
from services.followup.domain.check_ins.policy import Policy, Rule
from services.followup.entrypoints.consumer import subscriptions
from services.followup.entrypoints.jobs import JOBS, Context
from shared.contracts.cloudevents import Incoming, decode
from shared.contracts.event import Event
from shared.contracts.record import Headers
from shared.contracts.routing import MessageRequested
from shared.database.database import Database
from shared.messaging.outbox.append import append
from tests.support.clock import FakeClock
from tests.support.kafka import SOURCE
from tests.support.records import outbox_record
from tests.unit.followup.story import Story

HOUR, WINDOW = 3600.0, 3 * 24 * 3600.0
POLICY = Policy([Rule(delay=timedelta(seconds=HOUR), window=timedelta(seconds=WINDOW))])
SECRETS = SecretStr(json.dumps(["s" * 32]))


@dataclass(frozen=True)
class Row:
    """An outbox row as the record it becomes."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers
    partition: int = 0
    offset: int = 0
    timestamp: int = 0


class FollowUp:
    """The service's use cases, called as its entrypoints call them."""

    def __init__(
        self, database: Database, clock: FakeClock, public_url: str = "http://follow.test"
    ) -> None:
        self.database, self.clock = database, clock
        self.links = Links(public_url, SECRETS)
        (self.subscription,) = subscriptions(POLICY, clock)
        self.ask_due = AskDue(POLICY, self.links, clock)
        self.close_due = CloseDue(clock)
        self.questions = Questions(self.links, clock)
        self.answer_check_in = AnswerCheckIn(self.links, clock)

    async def consume(self, *events: Incoming[Event]) -> None:
        """One batch, as the consumer processes it."""
        wanted = [event for event in events if type(event.data) in self.subscription.wanted]
        async with self.database.transaction() as tx:
            await append(tx, SOURCE, await self.subscription.handle(tx, wanted))

    async def act(self, batch: int = 1_000) -> None:
        """All that is due, as a worker's jobs do it: batch by batch while full ones come."""
        context = Context(self.database, self.clock, batch, self.ask_due, self.close_due)
        for job in JOBS.values():
            while await job.run(context) == 0:
                continue

    async def asked(self, story: Story | None = None, *, language: str = "en") -> CheckIn:
        """A check-in that has just been sent."""
        story = story or Story()
        await self.consume(story.identified(), story.received(language=language), story.claimed(0))
        self.clock.advance(HOUR)
        await self.act()
        (check_in,) = await self.check_ins(story)
        assert isinstance(check_in.state, Sent)
        return check_in

    async def check_ins(self, story: Story) -> list[CheckIn]:
        async with self.database.connection() as tx:
            return await check_ins.of_contact(tx, story.contact_id, 0, 100)

    async def published(self, *types: type[Event]) -> list[Incoming[Event]]:
        """What the outbox holds, of these types or of all, in order."""
        async with self.database.connection() as tx:
            rows = await tx.fetch("select * from outbox order by xid, position")
        events = [decode(outbox_record(row)) for row in rows]
        return [one for one in events if not types or isinstance(one.data, types)]

    async def token(self, check_in: CheckIn) -> str:
        """The signed part of the link that the customer got."""
        for one in await self.published(MessageRequested):
            assert isinstance(one.data, MessageRequested)
            if one.data.message_id == check_in.message_id:
                (link,) = [line for line in one.data.personal.text.splitlines() if "://" in line]
                return link.rsplit("/", 1)[1]
        raise AssertionError("nothing was sent")
