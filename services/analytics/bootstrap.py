"""Puts analytics together: the only file that sees every layer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.analytics.entrypoints.consumer import SUBSCRIPTIONS
from services.analytics.entrypoints.http import router
from services.analytics.entrypoints.timers import Upkeep
from services.analytics.settings import Settings
from shared.database.database import Database
from shared.http.app import create_app
from shared.http.auth import Authenticator
from shared.kernel.clock import SystemClock
from shared.messaging.consumer import Consumer
from shared.messaging.relay import Relay
from shared.runtime import Role, Service

NAME = "analytics"


@asynccontextmanager
async def api(settings: Settings) -> AsyncIterator[Role]:
    """Answers questions about figures."""
    authenticator = Authenticator(settings.auth, SystemClock())
    database = await Database.open(settings.database)
    try:
        app = create_app(
            service=NAME,
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
    database = await Database.open(settings.database)
    try:
        (subscription,) = SUBSCRIPTIONS
        consumer = Consumer(NAME, subscription, database, settings.kafka)
        upkeep = Upkeep(database, SystemClock(), settings.upkeep_seconds)
        relay = Relay(NAME, database, settings.kafka)
        yield Role(
            parts={"consumer": consumer, "upkeep": upkeep, "relay": relay},
            checks={
                "database": database.ping,
                "consumer": consumer.check,
                "relay": relay.check,
            },
        )
    finally:
        await database.close()


SERVICE = Service(NAME, Settings, api, worker)
