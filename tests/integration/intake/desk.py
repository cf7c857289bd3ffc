"""Intake's HTTP API on a real socket, and callers with tokens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from pydantic import SecretStr

from deploy.local.tokens import AUDIENCE, ISSUER, TokenIssuer
from services.intake.adapters.channels.registry import registered
from services.intake.bootstrap import application
from services.intake.settings import Settings
from shared.http.app import App
from shared.http.auth import Authenticator
from shared.kernel.clock import SystemClock
from shared.settings import AuthSettings, DatabaseSettings, KafkaSettings
from tests.integration.http.serving import serving
from tests.integration.intake.place import Intake, in_folder

SCOPES = ("contacts.write", "intake.admin")


def settings_in(folder: Path, dsn: str = "postgresql://unused", **changes: Any) -> Settings:
    """Settings that believe the tokens of the issuer in `folder`."""
    issuer = TokenIssuer(folder)
    usual: dict[str, Any] = {
        "database": DatabaseSettings(dsn=SecretStr(dsn)),
        "kafka": KafkaSettings(bootstrap="127.0.0.1:1"),
        "auth": AuthSettings(issuer=ISSUER, audience=AUDIENCE, jwks=str(issuer.jwks)),
        "attachments": in_folder(folder / "attachments"),
    }
    return Settings(**(usual | changes))


def token(folder: Path, *scopes: str, subject: str = "tester") -> dict[str, str]:
    """The header of a caller with these scopes."""
    return {"authorization": f"Bearer {TokenIssuer(folder).mint(subject, scopes or SCOPES)}"}


def app_of(intake: Intake, folder: Path) -> App:
    """The application over this intake."""
    settings = settings_in(folder)
    return application(
        settings,
        intake.database,
        Authenticator(settings.auth, SystemClock()),
        submission=intake.submission,
        replay=intake.replay,
        attachments=intake.store,
        channels=registered(settings, SystemClock()),
        clock=intake.clock,
    )


@asynccontextmanager
async def calling(intake: Intake, folder: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A caller who may do everything."""
    async with serving(app_of(intake, folder)) as client:
        client.headers.update(token(folder))
        yield client


def a_contact(**changes: Any) -> dict[str, Any]:
    """What a web form posts; `address` and `text` go where they belong."""
    personal = {"address": "asha@example.org", "text": "My parcel has not arrived yet."}
    personal |= {
        name: changes.pop(name)
        for name in ("address", "text", "name", "subject")
        if name in changes
    }
    return {"reference": "r-1", "channel": "web", "personal": personal} | changes
