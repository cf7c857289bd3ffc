"""A small application on a real socket, with a real issuer of tokens."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
from fastapi import APIRouter

from deploy.local.tokens import AUDIENCE, HOUR, ISSUER, TokenIssuer
from shared.http.app import App, Hot, HotRoute, create_app
from shared.http.auth import Authenticator
from shared.http.ops import OpsApp
from shared.http.server import HttpServer
from shared.kernel.clock import SystemClock
from shared.settings import AuthSettings, HttpSettings
from tools.routes import service_named, settings_of

LIMIT = 10_000


def hot_route(handle: Hot, scope: str) -> HotRoute:
    """`POST /v1/hot`, described by no more than its answer."""
    operation = {"responses": {"200": {"description": "What came in."}}}
    return HotRoute(method="POST", path="/v1/hot", scope=scope, handle=handle, operation=operation)


def app_of(
    folder: Path, routers: Sequence[APIRouter], hot: Sequence[HotRoute] = (), **http: Any
) -> App:
    """The application, believing the tokens of `TokenIssuer(folder)`; `http` are settings of its server."""
    issuer = TokenIssuer(folder)
    auth = AuthSettings(issuer=ISSUER, audience=AUDIENCE, jwks=str(issuer.jwks), leeway_seconds=0)
    return create_app(
        service="tests",
        routers=routers,
        settings=HttpSettings(**{"max_body_bytes": LIMIT, **http}),
        authenticator=Authenticator(auth, SystemClock()),
        hot=hot,
    )


async def app_named(service: str) -> App:
    """A service's application as its composition root makes it; it connects to nothing by itself."""
    described = service_named(service)
    async with described.api(settings_of(described)) as role:
        assert role.app
        return role.app


def token(
    folder: Path, *scopes: str, ttl: timedelta = HOUR, subject: str = "tester"
) -> dict[str, str]:
    """The header of a caller of this name."""
    return {"authorization": f"Bearer {TokenIssuer(folder).mint(subject, scopes, ttl)}"}


@asynccontextmanager
async def serving(app: App | OpsApp, **http: Any) -> AsyncIterator[httpx2.AsyncClient]:
    """Serve on a free port; a client that speaks to it. Leaving stops the server politely."""
    limits = HttpSettings(**http)
    server = HttpServer(app, host="127.0.0.1", port=0, drain_seconds=3, limits=limits)
    stop = asyncio.Event()
    running = asyncio.create_task(server.run(stop))
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
            yield client
    finally:
        stop.set()
        await running
