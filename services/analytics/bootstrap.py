"""How analytics is put together: the only file that sees every layer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.analytics.entrypoints.consumer import SUBSCRIPTIONS
from services.analytics.entrypoints.http import router
from services.analytics.entrypoints.timers import Upkeep
from services.analytics.settings import Settings
from shared.contracts.topics import ANALYTICS
from shared.database.database import Database
from shared.http.app import create_app
from shared.http.auth import Authenticator
from shared.kernel.clock import SystemClock
from shared.messaging.worker import messaging
from shared.runtime import Role, Service


@asynccontextmanager
async def api(settings: Settings) -> AsyncIterator[Role]:
    """Answers questions about figures."""
    authenticator = Authenticator(settings.auth, SystemClock())
    database = await Database.open(settings.database, name="analytics-api")
    try:
        app = create_app(
            service=ANALYTICS,
            routers=[router(database)],
            settings=settings.http,
            authenticator=authenticator,
        )
        yield Role(app=app, checks={"database": database.ping, "issuer": authenticator.ready})
    finally:
        await database.close()


@asynccontextmanager
async def worker(settings: Settings) -> AsyncIterator[Role]:
    """Counts what is told; its relay publishes dead letters only."""
    database = await Database.open(settings.database, name="analytics-worker")
    try:
        upkeep = Upkeep(database, SystemClock(), settings.upkeep_seconds)
        ears = messaging(ANALYTICS, SUBSCRIPTIONS, database, settings.kafka)
        yield Role(
            parts={"upkeep": upkeep, **ears.parts},
            checks={"database": database.ping, **ears.checks},
        )
    finally:
        await database.close()


SERVICE = Service(ANALYTICS, Settings, api, worker)
