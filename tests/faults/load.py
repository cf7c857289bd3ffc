"""People for drills: customers who insist until they are taken, agents who come back; all bounded."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import aiosmtplib
import httpx2

from deploy.local.demo.agents import Agent
from deploy.local.demo.console_view import ConsoleView
from deploy.local.people.customers import Customer, Words, contact_of, write_mail
from deploy.local.people.desks import Desk
from deploy.local.platform import Addresses
from deploy.local.tokens import TokenIssuer
from shared.contracts.cloudevents import Outgoing
from shared.contracts.external import ContactSubmitted, SubmittedPersonal
from shared.contracts.topics import INBOX
from shared.contracts.values import Channel, Need
from shared.jobs.backoff import pause
from shared.kernel.errors import Unavailable
from shared.kernel.ids import new_id
from shared.messaging.kafka import Producer, partition_of
from shared.settings import KafkaSettings
from tests.faults.memory import Memory, address_of
from tests.support.kafka import message

SHOP = "drills/shop"
TOPIC, ADDRESS = "drills", "drills@rapport.example"
NEED: Mapping[str, Any] = {"kind": "refund", "amount": 500, "currency": "EUR"}
RETRY_DELAY, RETRY_TIMEOUT = 0.3, 150.0
AT_ONCE = 20
NOT_NOW = {421, 451}

CHANNELS = ("web", "mail", "api")


class Customers:
    """Customers, each with one contact. A channel that says "not now" is tried again."""

    def __init__(self, where: Addresses, issuer: TokenIssuer, kafka: KafkaSettings, memory: Memory):
        token = issuer.mint("drills", ["contacts.write"])
        self._http = httpx2.AsyncClient(
            base_url=where.api["intake"],
            headers={"Authorization": f"Bearer {token}"},
            timeout=15,
            trust_env=False,
        )
        self._smtp = where.smtp[1]
        self._kafka = kafka
        self._memory = memory
        self._room = {channel: asyncio.Semaphore(AT_ONCE) for channel in CHANNELS}

    async def come(
        self, max_count: int, *, every: float, channels: Sequence[str], enough: asyncio.Event
    ) -> None:
        """One customer each `every` seconds until it is enough; returns when all were taken."""
        async with (
            self._http,
            Producer(self._kafka) as producer,
            asyncio.TaskGroup() as group,
        ):
            for turn in range(max_count):
                if enough.is_set():
                    return
                subject = f"n{new_id().hex}"
                group.create_task(self._insist(channels[turn % len(channels)], subject, producer))
                await pause(enough, every)

    async def _insist(self, channel: str, subject: str, producer: Producer) -> None:
        """Once over if need be, with the same key, Message-ID or event id each time."""
        self._memory.came.add(subject)
        async with self._room[channel], asyncio.timeout(RETRY_TIMEOUT):
            taken = await self._try(channel, subject, producer)
            while not taken:
                await asyncio.sleep(RETRY_DELAY)
                taken = await self._try(channel, subject, producer)
        self._memory.remember(subject, channel)

    async def _try(self, channel: str, subject: str, producer: Producer) -> bool:
        match channel:
            case "web":
                return await self._post(subject)
            case "mail":
                return await self._mail(subject)
            case _:
                return await self._publish(subject, producer)

    async def _post(self, subject: str) -> bool:
        contact = contact_of(_customer(subject), _words(subject), reference=subject, channel="web")
        try:
            response = await self._http.post(
                "/v1/contacts", json=contact, headers={"Idempotency-Key": subject}
            )
        except httpx2.TransportError:
            return self._not_now("lost")
        if response.status_code == 503 and "retry-after" in response.headers:
            return self._not_now("503")
        if response.status_code != 202:
            self._memory.complaints.append(f"POST was answered with {response.status_code}")
        return response.status_code == 202

    async def _mail(self, subject: str) -> bool:
        customer, words = _customer(subject), _words(subject)
        try:
            await write_mail(self._smtp, customer, words, to=ADDRESS, message_id=_mail_id(subject))
        except aiosmtplib.SMTPResponseException as error:
            if error.code not in NOT_NOW:
                self._memory.complaints.append(f"a mail was answered with {error.code}")
            return self._not_now(str(error.code))
        except (aiosmtplib.SMTPException, OSError):
            return self._not_now("lost")
        return True

    async def _publish(self, subject: str, producer: Producer) -> bool:
        sent = message(event_of(subject), source=SHOP)
        try:
            partition = partition_of(sent.key or b"", await producer.partitions(INBOX.name))
            await producer.write(INBOX.name, partition, [sent])
        except Unavailable:
            return self._not_now("unpublished")
        return True

    def _not_now(self, what: str) -> bool:
        self._memory.deferred[what] += 1
        return False


def _customer(subject: str) -> Customer:
    return Customer(
        name="Ada Whitfield",
        address=address_of(subject),
        language="en",
        time_zone="Europe/London",
    )


def _words(subject: str) -> Words:
    return Words(topic=TOPIC, subject=subject, text="Good morning, it came twice.", need=NEED)


def _mail_id(subject: str) -> str:
    return f"<{subject}@post.example>"


def event_of(subject: str) -> Outgoing:
    """A contact as another system publishes it."""
    personal = SubmittedPersonal(
        address=address_of(subject), text="Good morning, it came twice.", subject=subject
    )
    return Outgoing(
        ContactSubmitted(
            reference=subject,
            channel=Channel.API,
            personal=personal,
            topic=TOPIC,
            language="en",
            need=Need(**NEED),
        )
    )


class Quiet(ConsoleView):
    """Nobody watches a drill."""

    def say(self, line: str) -> None:
        """Keep the last lines."""
        self.lines.append(line)


class Attentive(Desk):
    """A desk whose agent remembers what was confirmed."""

    memory: Memory

    async def action(self, contact_id: str, need: Mapping[str, Any]) -> dict[str, Any]:
        """Spend authority, and remember it."""
        done = await super().action(contact_id, need)
        self.memory.acted.add(done["action_id"])
        return done

    async def resolve(self, contact_id: str, outcome: str = "solved") -> dict[str, Any]:
        """Claim a resolution, and remember it."""
        done = await super().resolve(contact_id, outcome)
        self.memory.claimed.add(done["resolution_id"])
        return done


@asynccontextmanager
async def at_work(
    where: Addresses, issuer: TokenIssuer, agents: Sequence[str], memory: Memory
) -> AsyncIterator[None]:
    """The agents of a shift, at their desks whatever happens; offline afterwards."""
    async with contextlib.AsyncExitStack() as opened:
        desks = []
        for agent_id in agents:
            token = issuer.mint(agent_id, ["desk"])
            desk = await opened.enter_async_context(
                Attentive(where.api["routing"], agent_id, token)
            )
            desk.memory = memory
            desks.append(desk)
        working = [asyncio.create_task(_work(desk, n)) for n, desk in enumerate(desks)]
        try:
            yield
        finally:
            for task in working:
                task.cancel()
            ends = await asyncio.gather(*working, return_exceptions=True)
            await asyncio.gather(*map(_go_home, desks))
        for end in ends:
            if isinstance(end, Exception):
                raise end


async def _work(desk: Desk, seed: int) -> None:
    """Whoever is thrown out comes back; what they were in the middle of is begun again."""
    while True:
        with contextlib.suppress(httpx2.HTTPError):
            await Agent(desk, Quiet(0), pace=0.1, chance=Random(seed)).run()
        await asyncio.sleep(RETRY_DELAY)


async def _go_home(desk: Desk) -> None:
    async with asyncio.timeout(RETRY_TIMEOUT):
        while True:
            with contextlib.suppress(httpx2.HTTPError):
                await desk.presence("offline")
                return
            await asyncio.sleep(RETRY_DELAY)
