"""Words to tell a journey in: a centre of the test's own, its agents, customers and contacts."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx2

from deploy.local.people.customers import (
    Customer,
    Words,
    contact_of,
    post_contact,
    publish_contact,
    write_mail,
)
from deploy.local.people.desks import Desk
from deploy.local.people.mailboxes import Mail
from shared.contracts.cloudevents import Incoming
from shared.contracts.event import Event
from shared.contracts.topics import ASSIGNMENTS, CONTACTS, DELIVERIES, FOLLOWUPS
from shared.kernel.clock import SystemClock
from tests.e2e.post import Kind, acknowledgement, question
from tests.e2e.world import World
from tests.support.eventually import eventually
from tests.support.kafka import consumed_from

Json = dict[str, Any]
WITHIN = 30.0
ABOUT_CONTACTS = (CONTACTS, ASSIGNMENTS, FOLLOWUPS, DELIVERIES)


def euros(amount: int, kind: str = "refund") -> Json:
    """A need, or an action, of whole euros."""
    return {"kind": kind, "amount": amount * 100, "currency": "EUR"}


class Agent(Desk):
    """An agent at a desk, who also waits for things."""

    async def is_offered(self) -> Json:
        """The first open offer on the desk."""

        async def look() -> Json:
            desk = await self.desk()
            assert desk["offers"], f"nothing is offered to {self.agent_id}"
            return dict(desk["offers"][0])

        return await eventually(look, within=WITHIN)

    async def takes(self) -> str:
        """Accept the next offer; the contact's id."""
        offer = await self.is_offered()
        await self.accept(offer["offer_id"])
        return str(offer["contact_id"])

    async def solves(self, contact_id: str, outcome: str = "solved") -> None:
        """Claim a resolution and finish the work after the work."""
        await self.resolve(contact_id, outcome)
        await self.wrap_up(contact_id)

    async def sees(self, contact_id: str, **wanted: object) -> Json:
        """The contact with its history, once these fields have these values."""

        async def look() -> Json:
            found = await self.contact(contact_id)
            assert {name: found[name] for name in wanted} == wanted
            return found

        return await eventually(look, within=WITHIN)


class Centre:
    """A part of the contact centre that belongs to one test: nobody else's work comes here."""

    def __init__(self, world: World) -> None:
        self.world, self.post = world, world.post
        self.name = next(world.names)
        self.address = f"{self.name}@rapport.example"
        self._open = AsyncExitStack()
        self._agents: list[Agent] = []

    async def __aenter__(self) -> Self:
        async def client(service: str, *scopes: str) -> httpx2.AsyncClient:
            return await self._open.enter_async_context(self.world.client(service, *scopes))

        self.intake = await client("intake", "contacts.write", "intake.admin")
        self.routing = await client("routing", "routing.admin")
        self.followup = await client("followup", "followup.admin")
        self.analytics = await client("analytics", "figures.read")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        async with self._open:
            for agent in self._agents:
                await agent.presence("offline")

    async def has_queue(
        self, queue_id: str = "", *, need: Mapping[str, Any] | None = None, offers_last: int = 30
    ) -> str:
        """A queue for the centre's topic, which mail to its address has; known to intake, too."""
        queue_id = queue_id or self.name
        queue = {
            "name": f"Queue {queue_id}",
            "topics": [{"topic": self.name, "need": dict(need) if need else None}],
            "skills": {self.name: 1},
            "service_target_seconds": 600,
            "offer_timeout_seconds": offers_last,
        }
        (await self.routing.put(f"/v1/queues/{queue_id}", json=queue)).raise_for_status()
        await eventually(self._intake_knows, within=WITHIN)
        return queue_id

    async def has_agent(
        self, name: str, *languages: str, refunds: int = 0, at_once: int = 3
    ) -> Agent:
        """An agent, ready, with the skill of the centre; `refunds` is the limit in euros."""
        agent_id = f"{name}-{self.name}"
        limit = {"limit": refunds * 100, "daily_budget": refunds * 1000}
        card = {
            "name": name.title(),
            "skills": {self.name: 3},
            "languages": languages or ("en",),
            "capacity": dict.fromkeys(("email", "web", "api"), at_once),
            "authorities": [{"kind": "refund", "currency": "EUR", **limit}] if refunds else [],
        }
        (await self.routing.put(f"/v1/agents/{agent_id}", json=card)).raise_for_status()
        agent = await self._open.enter_async_context(self.desk_of(agent_id))
        self._agents.append(agent)
        await agent.presence("ready")
        return agent

    def desk_of(self, agent_id: str) -> Agent:
        """A screen on which that agent is signed in."""
        token = self.world.platform.issuer.mint(agent_id, ["desk"])
        return Agent(self.world.where.api["routing"], agent_id, token)

    def customer(
        self, name: str = "Ada Whitfield", language: str = "en", time_zone: str = "Europe/London"
    ) -> Customer:
        """Somebody who never wrote before."""
        address = f"{uuid4().hex[:10]}@post.example"
        return Customer(name=name, address=address, language=language, time_zone=time_zone)

    def words(self, text: str = "Good morning, my invoice shows the same order twice.") -> Words:
        """What the customer wants, about the centre's topic."""
        return Words(topic=self.name, subject="Charged twice", text=text)

    async def is_mailed(
        self, customer: Customer, text: str = "", *, answering: Mail | None = None
    ) -> str:
        """The customer writes a mail; its Message-ID."""
        words = self.words(text) if text else self.words()
        port = self.world.where.smtp[1]
        return await write_mail(port, customer, words, to=self.address, answering=answering)

    async def is_posted(
        self, customer: Customer, text: str = "", *, key: str = "", **more: object
    ) -> Json:
        """The customer fills in a form; the body of the response, promise included."""
        words, key = self.words(text) if text else self.words(), key or str(uuid4())
        contact = contact_of(customer, words, reference=key, channel="web")
        return await post_contact(self.intake, contact | more, key=key)

    async def is_published(self, customer: Customer, text: str = "") -> str:
        """Another system publishes the contact; its reference."""
        reference = str(uuid4())
        words = self.words(text) if text else self.words()
        bootstrap = self.world.where.bootstrap
        await publish_contact(bootstrap, customer, words, reference=reference)
        return reference

    async def mail_to(self, customer: Customer, kind: Kind) -> Mail:
        """The first mail of that kind in the customer's mailbox."""
        return await self.post.mail_to(customer.address, kind, WITHIN)

    async def acknowledgement_of(self, customer: Customer) -> Mail:
        return await self.mail_to(customer, acknowledgement)

    async def link_for(self, customer: Customer, *, besides: str = "") -> str:
        """Where the customer says whether it is solved; `besides` an earlier such link."""
        mail = await self.mail_to(customer, lambda mail: question(mail) and mail.link != besides)
        assert mail.link is not None
        return mail.link

    async def contact(self, contact_id: str) -> Json:
        """The contact as the customer sees it."""
        response = await self.intake.get(f"/v1/contacts/{contact_id}")
        response.raise_for_status()
        found: Json = response.json()
        return found

    async def events_about(self, contact_id: str) -> list[Incoming[Event]]:
        """Every event about the contact so far, topic by topic."""
        consumed = [await consumed_from(self.world.kafka, topic.name) for topic in ABOUT_CONTACTS]
        return [event for events in consumed for event in events if event.subject == contact_id]

    async def figures(self, queue_id: str = "") -> Json:
        """What analytics counts for the centre's queue, by definition."""
        hour = timedelta(hours=1)
        now = SystemClock().now().replace(minute=0, second=0, microsecond=0)
        span = {"from": (now - hour).isoformat(), "to": (now + 2 * hour).isoformat()}
        params = {**span, "queue": queue_id or self.name}
        response = await self.analytics.get("/v1/figures", params=params)
        response.raise_for_status()
        found: Json = response.json()["periods"][0]["figures"]
        return found

    async def counts(self, figure: str, queue_id: str = "", **wanted: object) -> Json:
        """All figures, once this one has these values."""

        async def look() -> Json:
            found = await self.figures(queue_id)
            values = found[figure]["values"]
            assert {name: values[name] for name in wanted} == wanted, f"{figure}: {values}"
            return found

        return await eventually(look, within=WITHIN)

    @asynccontextmanager
    async def screens(self, agent: Agent, number: int) -> AsyncIterator[list[Agent]]:
        """More screens of the same agent."""
        async with AsyncExitStack() as opened:
            yield [
                await opened.enter_async_context(self.desk_of(agent.agent_id))
                for _ in range(number)
            ]

    async def _intake_knows(self) -> bool:
        waits = (await self.intake.get("/v1/waits")).json()["waits"]
        return any(wait["topic"] == self.name for wait in waits)


def refusal(error: httpx2.HTTPStatusError) -> Json:
    """The status of a refusal, and the facts it gives."""
    problem: Json = error.response.json()
    return {"status": error.response.status_code, **problem.get("facts", {})}
