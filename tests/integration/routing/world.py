"""A small contact centre on a real database, driven through the use cases with a clock in hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from services.routing.application import answer, centre
from services.routing.application.dispatch import Limits, Pass, dispatch
from services.routing.application.expire import end_what_is_due
from services.routing.application.hear import Hear
from services.routing.application.presence import change_presence
from services.routing.application.work import Work
from shared.contracts.cloudevents import Incoming, Origin, TraceContext
from shared.contracts.event import REGISTRY, Event, subject_of, type_of
from shared.contracts.intake import ContactReceived, MessagePersonal, PromiseBasis, PromiseMade
from shared.contracts.routing import (
    AgentChanged,
    AgentPersonal,
    Presence,
    QueueChanged,
    QueueTopic,
    ResolutionOutcome,
)
from shared.contracts.values import Authority, AuthorityKind, Channel, Need
from shared.database.database import Database, Tx
from shared.kernel.ids import new_id
from shared.messaging.consumer.inbox import mark_new
from shared.messaging.outbox import outbox
from tests.support.clock import FakeClock

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
        async with self.database.transaction() as tx:
            return await centre.put_queue(tx, QueueChanged(**(card | more)), self.clock.now())

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
        async with self.database.transaction() as tx:
            await centre.put_agent(tx, AgentChanged(**(card | more)))
        if ready:
            await self.presence(agent_id, Presence.READY)

    async def presence(self, agent_id: str, presence: Presence) -> None:
        async with self.database.transaction() as tx:
            await change_presence(tx, agent_id, presence, self.clock.now())

    async def receive(self, **more: Any) -> UUID:
        """A new contact is heard of; its id."""
        event = self.received(**more)
        await self.hear(event)
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

    async def hear(self, *events: Event) -> None:
        """As the consumer does it: inbox, handler, outbox."""
        async with self.database.transaction() as tx:
            incoming = list(map(heard, events))
            await mark_new(tx, {each.id: each.origin for each in incoming})
            await outbox.append(tx, await Hear(self.clock)(tx, incoming))

    async def dispatch(self, limits: Limits = Limits()) -> Pass:
        async with self.database.transaction() as tx:
            return await dispatch(tx, self.clock, limits)

    async def expire(self, until_away: int = 2) -> int:
        async with self.database.transaction() as tx:
            return await end_what_is_due(tx, self.clock, expiries_until_away=until_away, limit=100)

    async def accept(self, agent_id: str, offer_id: UUID) -> None:
        async with self.database.transaction() as tx:
            await answer.accept(tx, agent_id, offer_id, self.clock.now())

    async def decline(self, agent_id: str, offer_id: UUID) -> None:
        async with self.database.transaction() as tx:
            await answer.decline(tx, agent_id, offer_id, "", self.clock.now())

    def work(self, tx: Tx, agent_id: str, contact_id: UUID) -> Work:
        return Work(tx, agent_id, contact_id, self.clock.now())

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
        async with self.database.transaction() as tx:
            work = self.work(tx, agent_id, contact_id)
            claimed = await work.resolve(ResolutionOutcome.SOLVED, WRAP_UP)
            await work.wrap_up()
        return contact_id, claimed.resolution_id

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

    async def told(self, kind: type[Event]) -> list[Any]:
        """What was said of this type, in order."""
        said = [each for each, _ in await self.said()]
        return [each for each in said if isinstance(each, kind)]

    async def said(self) -> list[tuple[Event, dict[str, str]]]:
        """Everything that was said, with its headers."""
        found = []
        for row in await self.rows("select headers, value from outbox order by xid, position"):
            headers = {name: (text or b"").decode() for name, text in outbox.unpack(row["headers"])}
            kind = REGISTRY[headers["ce_type"]]
            found.append((msgspec.json.decode(row["value"], type=kind), headers))
        return found


def heard(event: Event) -> Incoming[Event]:
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
