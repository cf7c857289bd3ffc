"""Customers who call without a pause, and remember what they were answered."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import NamedTuple, Self
from uuid import uuid4

import httpx2

from deploy.local.people.customers import Customer, Words, contact_of

ADA = Customer(
    name="Ada Whitfield", address="ada@post.example", language="en", time_zone="Europe/London"
)
WORDS = Words(topic="billing", subject="Charged twice", text="I was charged twice. Please help.")
EVERY, AGAIN, TIMEOUT = 0.4, 0.25, 10.0
"""Seconds between two calls of one caller, before the same is tried again, and until a call has failed."""
CALLERS = 4


async def ticks(seconds: float) -> AsyncIterator[None]:
    """At once, and again after each pause."""
    while True:
        yield
        await asyncio.sleep(seconds)


class Failure(NamedTuple):
    """A call that was not answered as it should have been, by the clock of this process."""

    at: float
    why: str


@dataclass
class Callers:
    """They hand in contacts from a thread of their own, and hand the same in again until it is accepted.

    Half of them come by a new connection each time, the others keep theirs.
    """

    intake: str
    token: str
    accepted: set[str] = field(default_factory=set)
    failures: list[Failure] = field(default_factory=list)
    calls: int = 0

    def __enter__(self) -> Self:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._call()), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    async def _call(self) -> None:
        await asyncio.gather(*(self._caller(number % 2 == 0) for number in range(CALLERS)))

    async def _caller(self, keeps: bool) -> None:
        client = self._client()
        while not self._stop.is_set():
            await self._hand_in(client, str(uuid4()))
            if not keeps:
                await client.aclose()
                client = self._client()
            await asyncio.sleep(EVERY)
        await client.aclose()

    def _client(self) -> httpx2.AsyncClient:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx2.AsyncClient(
            base_url=self.intake, headers=headers, timeout=TIMEOUT, trust_env=False
        )

    async def _hand_in(self, client: httpx2.AsyncClient, key: str) -> None:
        contact = contact_of(ADA, WORDS, reference=key, channel="web")
        async for _ in ticks(AGAIN):
            if contact_id := await self._once(client, contact, key):
                self.accepted.add(contact_id)
                return

    async def _once(self, client: httpx2.AsyncClient, contact: dict[str, object], key: str) -> str:
        self.calls += 1
        try:
            response = await client.post(
                "/v1/contacts", json=contact, headers={"Idempotency-Key": key}
            )
            response.raise_for_status()
            contact_id: str = response.json()["contact_id"]
        except httpx2.HTTPError as failure:
            self.failures.append(Failure(time.monotonic(), repr(failure)))
            return ""
        return contact_id
