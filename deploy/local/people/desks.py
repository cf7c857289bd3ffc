"""An agent's desk over routing's HTTP API: what an agent's screen would call."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx2

Json = dict[str, Any]
GOODBYES = ("bye", "expired")


class Desk:
    """One agent at work. Every call raises `httpx2.HTTPStatusError` for a refusal."""

    def __init__(self, routing: str, agent_id: str, token: str) -> None:
        self.agent_id = agent_id
        self._http = httpx2.AsyncClient(
            base_url=routing,
            headers={"Authorization": f"Bearer {token}"},
            timeout=15,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    @asynccontextmanager
    async def states(self) -> AsyncIterator[AsyncIterator[Json]]:
        """The whole desk, at once and whenever it changes, until the platform says goodbye.

        Raises `httpx2.TransportError` if it ends without a word. Hangs up at the end of the block,
        also for who has seen enough.
        """
        timeout = httpx2.Timeout(15, read=None)
        async with self._http.stream("GET", "/v1/desk/events", timeout=timeout) as stream:
            stream.raise_for_status()
            yield _states(stream.aiter_lines())

    async def presence(self, presence: str) -> Json:
        """Say whether work can be offered: ready, away or offline."""
        return _read(await self._http.put("/v1/desk/presence", json={"presence": presence}))

    async def desk(self) -> Json:
        """The whole desk now."""
        return _read(await self._http.get("/v1/desk"))

    async def accept(self, offer_id: str) -> Json:
        """Take the offered contact."""
        return await self._post(f"/v1/offers/{offer_id}/accept")

    async def decline(self, offer_id: str, reason: str = "") -> Json:
        """Leave the offered contact to somebody else."""
        return await self._post(f"/v1/offers/{offer_id}/decline", {"reason": reason})

    async def contact(self, contact_id: str) -> Json:
        """The contact with its history."""
        return _read(await self._http.get(f"/v1/contacts/{contact_id}"))

    async def reply(self, contact_id: str, text: str) -> Json:
        """Write to the customer."""
        return await self._post(f"/v1/contacts/{contact_id}/replies", {"text": text})

    async def help_step(self, contact_id: str, step: str, evidence: str = "") -> Json:
        """Note a step of HELP."""
        body = {"step": step, "evidence": evidence}
        return await self._post(f"/v1/contacts/{contact_id}/help-steps", body)

    async def action(self, contact_id: str, need: Mapping[str, Any]) -> Json:
        """Spend authority on the contact."""
        return await self._post(f"/v1/contacts/{contact_id}/actions", need)

    async def transfer(self, contact_id: str, queue_id: str) -> Json:
        """Hand the contact to another queue."""
        return await self._post(f"/v1/contacts/{contact_id}/transfer", {"queue_id": queue_id})

    async def escalate(self, contact_id: str, need: Mapping[str, Any] | None = None) -> Json:
        """Hand the contact to somebody with more authority."""
        body = {"need": dict(need)} if need else {}
        return await self._post(f"/v1/contacts/{contact_id}/escalate", body)

    async def resolve(self, contact_id: str, outcome: str = "solved") -> Json:
        """Claim that the contact is resolved."""
        return await self._post(f"/v1/contacts/{contact_id}/resolve", {"outcome": outcome})

    async def wrote_again(self, contact_id: str, verdict: str) -> Json:
        """Say what the customer wrote after the claim: still_open or nothing_new."""
        return await self._post(f"/v1/contacts/{contact_id}/wrote-again", {"verdict": verdict})

    async def wrap_up(self, contact_id: str) -> Json:
        """Finish the work after the work."""
        return await self._post(f"/v1/contacts/{contact_id}/wrap-up")

    async def _post(self, path: str, body: Mapping[str, Any] | None = None) -> Json:
        headers = {"Idempotency-Key": str(uuid4())}
        return _read(await self._http.post(path, json=dict(body or {}), headers=headers))


async def _states(lines: AsyncIterator[str]) -> AsyncIterator[Json]:
    event = ""
    async for line in lines:
        field, _, value = line.partition(":")
        if field == "event":
            event = value.strip()
        elif field == "data" and event == "desk":
            yield json.loads(value)
        elif event in GOODBYES:
            return
    raise httpx2.RemoteProtocolError("the stream ended without a goodbye")


def _read(response: httpx2.Response) -> Json:
    response.raise_for_status()
    body: Json = response.json() if response.content else {}
    return body
