"""How routing is put together: the only file that sees every layer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.routing.entrypoints.api import routers
from services.routing.entrypoints.api.commands import Commands
from services.routing.entrypoints.api.walk import WALK
from services.routing.entrypoints.consumer import subscriptions
from services.routing.entrypoints.jobs import JOBS, Context
from services.routing.settings import Settings
from shared.contracts.topics import ROUTING
from shared.database.database import Database
from shared.http import idempotency
from shared.http.app import create_app
from shared.http.auth import Authenticator
from shared.jobs.periodic import periodic_jobs
from shared.jobs.signals import Signals
from shared.kernel.clock import SystemClock
from shared.messaging.retention import expired_contact_retention, messaging_retention
from shared.messaging.worker import messaging
from shared.observability.kinds import WorkerPart
from shared.runtime import Role, Service


@asynccontextmanager
async def api(settings: Settings) -> AsyncIterator[Role]:
    """What agents' desks and administration reach."""
    clock = SystemClock()
    authenticator = Authenticator(settings.auth, clock)
    database = await Database.open(settings.database, service=ROUTING, role="api")
    try:
        signals = Signals(database)
        app = create_app(
            service=ROUTING,
            routers=routers(Commands(database, clock), signals, settings),
            settings=settings.http,
            authenticator=authenticator,
            walk=WALK,
        )
        checks = {"database": database.ping, "issuer": authenticator.ready}
        yield Role(app=app, parts={"signals": signals}, checks=checks)
    finally:
        await database.close()


@asynccontextmanager
async def worker(settings: Settings) -> AsyncIterator[Role]:
    """What consumes events, makes offers, ends what is due and publishes."""
    clock = SystemClock()
    database = await Database.open(settings.database, service=ROUTING, role="worker")
    try:
        signals = Signals(database)
        jobs = periodic_jobs(JOBS, Context(database, clock, settings), signals)
        periods = settings.retention
        retention = messaging_retention(periods) | expired_contact_retention(periods)
        retention |= {"idempotency_keys": idempotency.RESPONSES}
        messages = messaging(ROUTING, subscriptions(clock), database, settings.kafka, retention)
        checks = {"database": database.ping, **{name: part.check for name, part in jobs.items()}}
        yield Role(
            parts={**jobs, "signals": signals, **messages.parts},
            checks={**checks, **messages.checks},
            groups={WorkerPart.JOBS: (*jobs, "signals"), **messages.groups},
        )
    finally:
        await database.close()


SERVICE = Service(ROUTING, Settings, api, worker)
