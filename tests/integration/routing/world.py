"""A small contact centre on a real database, driven through the use cases with a clock in hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from services.routing.application.commands.accept_offer import accept_offer
from services.routing.application.commands.decline_offer import decline_offer
from services.routing.application.commands.end_due import end_due
from services.routing.application.commands.end_wrap_up import end_wrap_up
from services.routing.application.commands.escalate import escalate
from services.routing.application.commands.make_offers import Limits, Pass, make_offers
from services.routing.application.commands.publish_forecasts import publish_forecasts
from services.routing.application.commands.put_agent import put_agent
from services.routing.application.commands.put_queue import put_queue
from services.routing.application.commands.resolve import resolve
from services.routing.application.commands.review import review
from services.routing.application.commands.set_presence import set_presence
from services.routing.application.commands.take_action import take_action
from services.routing.domain.agents.authority import Refused
from services.routing.entrypoints.consumer import subscriptions
from shared.contracts.cloudevents import Incoming, decode
from shared.contracts.event import Event, subject_of, type_of
from shared.contracts.intake import ContactReceived, MessagePersonal, PromiseBasis, PromiseMade
from shared.contracts.record import Origin
from shared.contracts.routing import (
    ActionTaken,
    AgentChanged,
    AgentPersonal,
    Presence,
    QueueChanged,
    QueueTopic,
    ResolutionOutcome,
    ReviewVerdict,
)
from shared.contracts.trace_context import TraceContext
from shared.contracts.values import Authority, AuthorityKind, Channel, Need
from shared.database.database import Database
from shared.kernel.ids import new_id
from shared.messaging.consumer.inbox import mark
from shared.messaging.outbox.append import append
from shared.messaging.outbox.use_case import execute
from tests.support.clock import FakeClock
from tests.support.kafka import SOURCE
from tests.support.records import outbox_record

REFUND = Authority(kind=AuthorityKind.REFUND, limit=5_000, daily_budget=8_000, currency="EUR")
TRACE = TraceContext("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
WRAP_UP = timedelta(seconds=60)


def refund(amount: int) -> Need:
    return Need(kind=AuthorityKind.REFUND, amount=amount, currency="EUR")


@dataclass
class World:
    """Everything a test does; each call is one transaction."""

    database: Database
    clock: FakeClock = field(default_factory=FakeClock)

    async def queue(self, queue_id: str = "general", **more: Any) -> QueueChanged:
        card: dict[str, Any] = {
            "queue_id": queue_id,
            "name": queue_id,
            "topics": (QueueTopic(topic="*"),),
            "languages": (),
            "skills": {},
            "service_target_seconds": 60,
            "offer_timeout_seconds": 30,
            "rank": 10,
        }
        defined, now = QueueChanged(**(card | more)), self.clock.now()
        return await execute(self.database, lambda tx: put_queue(tx, defined, now))

    async def agent(
        self, agent_id: str = "ann", *, slots: int = 1, ready: bool = True, **more: Any
    ) -> None:
        card: dict[str, Any] = {
            "agent_id": agent_id,
            "presence": Presence.OFFLINE,
            "skills": {},
            "languages": ("en",),
            "capacity": {Channel.EMAIL: slots},
            "authorities": (),
            "changed_at": self.clock.now(),
            "personal": AgentPersonal(name=agent_id),
        }
        defined = AgentChanged(**(card | more))
        await execute(self.database, lambda tx: put_agent(tx, defined))
        if ready:
            await self.presence(agent_id, Presence.READY)

    async def presence(self, agent_id: str, presence: Presence) -> None:
        now = self.clock.now()
        await execute(self.database, lambda tx: set_presence(tx, agent_id, presence, now))

    async def receive(self, **more: Any) -> UUID:
        """A new contact is consumed; its id."""
        event = self.received(**more)
        await self.consume(event)
        return event.contact_id

    def received(self, **more: Any) -> ContactReceived:
        now = self.clock.now()
        due_at = now + timedelta(minutes=5)
        card: dict[str, Any] = {
            "contact_id": new_id(),
            "customer_id": new_id(),
            "message_id": new_id(),
            "channel": Channel.EMAIL,
            "topic": "billing",
            "language": "en",
            "time_zone": "Europe/Berlin",
            "value_tier": "standard",
            "priority": 5,
            "received_at": now,
            "personal": MessagePersonal(text="Please help", subject="Help", name="Ada"),
            "promise": PromiseMade(promise_id=new_id(), due_at=due_at, basis=PromiseBasis.TARGET),
        }
        return ContactReceived(**(card | more))

    async def consume(self, *events: Event) -> None:
        """As the consumer does it: inbox, handlers, outbox."""
        [subscription] = subscriptions(self.clock)
        async with self.database.transaction() as tx:
            incoming = list(map(consumed, events))
            await mark(tx, {each.id: each.origin for each in incoming})
            await append(tx, SOURCE, await subscription.handle(tx, incoming))

    async def dispatch(self, limits: Limits = Limits()) -> Pass:
        return await execute(self.database, lambda tx: make_offers(tx, self.clock, limits))

    async def expire(self, until_away: int = 2) -> int:
        now = self.clock.now()
        return await execute(
            self.database,
            lambda tx: end_due(tx, now, expiries_until_away=until_away, max_count=100),
        )

    async def forecast(self) -> int:
        now, window = self.clock.now(), timedelta(hours=1)
        return await execute(self.database, lambda tx: publish_forecasts(tx, now, window))

    async def accept(self, agent_id: str, offer_id: UUID) -> None:
        now = self.clock.now()
        await execute(self.database, lambda tx: accept_offer(tx, agent_id, offer_id, now))

    async def decline(self, agent_id: str, offer_id: UUID) -> None:
        now = self.clock.now()
        await execute(self.database, lambda tx: decline_offer(tx, agent_id, offer_id, now, why=""))

    async def act(self, agent_id: str, contact_id: UUID, wanted: Need) -> ActionTaken | Refused:
        now = self.clock.now()
        return await execute(
            self.database, lambda tx: take_action(tx, agent_id, contact_id, now, wanted=wanted)
        )

    async def escalate(self, agent_id: str, contact_id: UUID) -> None:
        now = self.clock.now()
        await execute(
            self.database, lambda tx: escalate(tx, agent_id, contact_id, now, need=None, note="")
        )

    async def resolve(self, agent_id: str, contact_id: UUID) -> UUID:
        """The agent claims that it is solved, and is in wrap-up; the resolution."""
        now, outcome = self.clock.now(), ResolutionOutcome.SOLVED
        contact = await execute(
            self.database,
            lambda tx: resolve(tx, agent_id, contact_id, now, outcome=outcome, wrap_up=WRAP_UP),
        )
        assert contact.resolution_id is not None
        return contact.resolution_id

    async def end_wrap_up(self, agent_id: str, contact_id: UUID) -> None:
        now = self.clock.now()
        await execute(self.database, lambda tx: end_wrap_up(tx, agent_id, contact_id, now))

    async def review(self, agent_id: str, contact_id: UUID, verdict: ReviewVerdict) -> None:
        now = self.clock.now()
        await execute(
            self.database, lambda tx: review(tx, agent_id, contact_id, now, verdict=verdict)
        )

    async def assigned(self, agent_id: str = "ann", **more: Any) -> UUID:
        """A contact that the agent has taken."""
        contact_id = await self.receive(**more)
        await self.dispatch()
        offer = await self.offer_of(contact_id)
        assert offer["agent_id"] == agent_id
        await self.accept(agent_id, offer["offer_id"])
        return contact_id

    async def resolved(self, agent_id: str = "ann", **more: Any) -> tuple[UUID, UUID]:
        """A contact the agent has resolved and wrapped up, and the resolution."""
        contact_id = await self.assigned(agent_id, **more)
        resolution_id = await self.resolve(agent_id, contact_id)
        await self.end_wrap_up(agent_id, contact_id)
        return contact_id, resolution_id

    async def offer_of(self, contact_id: UUID) -> asyncpg.Record:
        """The contact's live offer."""
        [row] = await self.rows(
            "select * from offer where contact_id = $1 and slot is not null", contact_id
        )
        return row

    async def contact(self, contact_id: UUID) -> asyncpg.Record:
        [row] = await self.rows("select * from contact where contact_id = $1", contact_id)
        return row

    async def rows(self, sql: str, *arguments: object) -> Sequence[asyncpg.Record]:
        async with self.database.connection() as connection:
            return list(await connection.fetch(sql, *arguments))

    async def published(self, kind: type[Event]) -> list[Any]:
        """The events of this type, in order."""
        return [each.data for each in await self.outbox() if isinstance(each.data, kind)]

    async def outbox(self) -> list[Incoming[Event]]:
        """Every event that is to be published."""
        rows = await self.rows("select * from outbox order by xid, position")
        return [decode(outbox_record(row)) for row in rows]


def consumed(event: Event) -> Incoming[Event]:
    """The event as it is read from the log."""
    return Incoming(
        id=new_id(),
        type=type_of(event),
        source="rapport/tests",
        subject=subject_of(event),
        time=FakeClock().now(),
        data=event,
        origin=Origin("test", 0, 0),
        seq=1,
        trace=TRACE,
    )
