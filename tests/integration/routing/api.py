"""Routing's api on a real socket, with its signals; callers have tokens of their own."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
from pydantic import SecretStr

from deploy.local.tokens import AUDIENCE, ISSUER, TokenIssuer
from services.routing.entrypoints.api import routers
from services.routing.entrypoints.api.commands import Commands
from services.routing.settings import Settings
from shared.jobs.signals import Signals
from shared.settings import AuthSettings, DatabaseSettings, KafkaSettings
from tests.integration.http.serving import app_of, serving
from tests.integration.routing.world import World

Json = dict[str, Any]


def settings_at(folder: Path, dsn: str = "postgresql://nowhere", **more: Any) -> Settings:
    """Routing's settings, believing the tokens of `TokenIssuer(folder)`."""
    jwks = str(TokenIssuer(folder).jwks)
    defaults: Json = {
        "database": DatabaseSettings(dsn=SecretStr(dsn)),
        "kafka": KafkaSettings(bootstrap="127.0.0.1:1"),
        "auth": AuthSettings(issuer=ISSUER, audience=AUDIENCE, jwks=jwks),
    }
    return Settings(**(defaults | more))


@dataclass
class Api:
    """The api, and whoever calls it."""

    client: httpx2.AsyncClient
    issuer: TokenIssuer

    def headers(self, subject: str, *scopes: str, key: str | None = None) -> dict[str, str]:
        token = self.issuer.mint(subject, scopes)
        return {"authorization": f"Bearer {token}"} | ({"idempotency-key": key} if key else {})

    async def admin(self, method: str, path: str, body: Json | None = None) -> httpx2.Response:
        headers = self.headers("boss", "routing.admin")
        return await self.client.request(method, path, json=body, headers=headers)

    async def get(self, path: str, agent_id: str = "ann") -> httpx2.Response:
        return await self.client.get(path, headers=self.headers(agent_id, "desk"))

    async def post(
        self, path: str, body: Json | None = None, agent_id: str = "ann", key: str | None = None
    ) -> httpx2.Response:
        headers = self.headers(agent_id, "desk", key=key)
        return await self.client.post(path, json=body or {}, headers=headers)

    async def put(self, path: str, body: Json, agent_id: str = "ann") -> httpx2.Response:
        return await self.client.put(path, json=body, headers=self.headers(agent_id, "desk"))

    async def at(
        self, contact_id: UUID, what: str, body: Json | None = None, **more: Any
    ) -> httpx2.Response:
        """POST something about a contact."""
        return await self.post(f"/v1/contacts/{contact_id}/{what}", body, **more)

    @asynccontextmanager
    async def events(self, agent_id: str = "ann") -> AsyncIterator[AsyncIterator[tuple[str, Json]]]:
        """The desk's stream, as (event, data)."""
        headers = self.headers(agent_id, "desk")
        async with self.client.stream("GET", "/v1/desk/events", headers=headers) as stream:
            assert stream.status_code == 200
            yield _events(stream)


async def _events(stream: httpx2.Response) -> AsyncIterator[tuple[str, Json]]:
    name = ""
    async for line in stream.aiter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value) if name == "desk" else {}


@asynccontextmanager
async def serve(world: World, folder: Path) -> AsyncIterator[Api]:
    """The api over the world's database and clock."""
    signals = Signals(world.database)
    routes = routers(Commands(world.database, world.clock), signals, settings_at(folder))
    stop = asyncio.Event()
    listening = asyncio.create_task(signals.run(stop))
    try:
        async with serving(app_of(folder, routes)) as client:
            yield Api(client, TokenIssuer(folder))
    finally:
        stop.set()
        await listening
