"""The four services' own servers, as their composition roots put them together, on real sockets."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx2

from deploy.local.tokens import AUDIENCE, ISSUER, TokenIssuer
from services.intake.entrypoints.smtp import SmtpServer
from shared.http.ops import Check
from shared.http.server import HttpServer
from shared.settings import AuthSettings, DatabaseSettings, HttpSettings
from tests.integration.followup.following import SECRETS
from tests.support.eventually import eventually
from tests.support.kafka import running
from tools.routes import service_named, settings_of

AGENT = "ann"
EVERYTHING = (
    "contacts.write",
    "desk",
    "figures.read",
    "followup.admin",
    "intake.admin",
    "routing.admin",
)
UNLIMITED = {"caller_per_second": 0, "stranger_per_second": 0}


@dataclass(frozen=True)
class Server:
    """One service's api: where it is reached, and its database. `smtp` is 0 where there is none."""

    service: str
    url: str
    dsn: str
    issuer: TokenIssuer
    smtp: int = 0

    def bearer(self, subject: str = AGENT, scopes: Iterable[str] = EVERYTHING) -> dict[str, str]:
        """The header of somebody who may do what the scopes say."""
        return {"authorization": f"Bearer {self.issuer.mint(subject, scopes)}"}

    def client(self, **headers: str) -> httpx2.AsyncClient:
        """Somebody who may do everything, unless the headers say otherwise."""
        return httpx2.AsyncClient(
            base_url=self.url,
            headers=self.bearer() | headers,
            timeout=30,
            trust_env=False,
            verify=False,
        )


@asynccontextmanager
async def serving(service: str, dsn: str, folder: Path, **http: Any) -> AsyncIterator[Server]:
    """The api of a service at work on a database; `http` changes the settings of its server."""
    issuer = TokenIssuer(folder)
    known: dict[str, Any] = {
        "database": DatabaseSettings.model_validate({"dsn": dsn, "pool_min": 0}),
        "auth": AuthSettings(issuer=ISSUER, audience=AUDIENCE, jwks=str(issuer.jwks)),
        "http": HttpSettings(port=0, **(UNLIMITED | http)),
        "smtp": {"port": 0},
        "link_secrets": SECRETS,
        "attachments": {"url": (folder / "attachments").as_uri(), "single_node": True},
    }
    described = service_named(service)
    settings = settings_of(described, **known)
    async with described.api(settings) as role:
        assert role.app is not None
        limits = settings.http
        server = HttpServer(role.app, host="127.0.0.1", port=0, drain_seconds=2, limits=limits)
        async with running(server, *role.parts.values()):
            for check in role.checks.values():
                await eventually(partial(_passes, check), within=20)
            mail = role.parts.get("smtp")
            smtp = mail.port if isinstance(mail, SmtpServer) else 0
            yield Server(service, f"http://127.0.0.1:{server.port}", dsn, issuer, smtp)


async def _passes(check: Check) -> bool:
    try:
        await check()
    except Exception as error:  # whatever it is, it is waited for
        raise AssertionError(str(error)) from error
    return True
