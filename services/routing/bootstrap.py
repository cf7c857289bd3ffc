"""How routing is put together: the only file that sees every layer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.routing.adapters.wakeups import Wakeups
from services.routing.application.hear import Hear
from services.routing.entrypoints.commands import Commands
from services.routing.entrypoints.consumer import subscriptions
from services.routing.entrypoints.http import routers
from services.routing.entrypoints.timers import rounds
from services.routing.settings import Settings
from shared.contracts.topics import ROUTING
from shared.database.database import Database
from shared.http.app import create_app
from shared.http.auth import Authenticator
from shared.kernel.clock import SystemClock
from shared.messaging.worker import messaging
from shared.runtime import Role, Service


@asynccontextmanager
async def api(settings: Settings) -> AsyncIterator[Role]:
    """What agents' desks and the centre's administration reach."""
    clock = SystemClock()
    authenticator = Authenticator(settings.auth, clock)
    database = await Database.open(settings.database, name="routing-api")
    try:
        bells = Wakeups(database)
        app = create_app(
            service=ROUTING,
            routers=routers(Commands(database, clock), bells, settings),
            settings=settings.http,
            authenticator=authenticator,
        )
        checks = {"database": database.ping, "issuer": authenticator.ready}
        yield Role(app=app, parts={"wake-ups": bells}, checks=checks)
    finally:
        await database.close()


@asynccontextmanager
async def worker(settings: Settings) -> AsyncIterator[Role]:
    """What hears events, makes offers, ends what is due and publishes."""
    clock = SystemClock()
    database = await Database.open(settings.database, name="routing-worker")
    try:
        bells = Wakeups(database)
        own = rounds(database, bells, clock, settings)
        ears = messaging(ROUTING, subscriptions(Hear(clock)), database, settings.kafka)
        checks = {"database": database.ping, **{name: part.check for name, part in own.items()}}
        yield Role(
            parts={**own, "wake-ups": bells, **ears.parts},
            checks={**checks, **ears.checks},
        )
    finally:
        await database.close()


SERVICE = Service(ROUTING, Settings, api, worker)
