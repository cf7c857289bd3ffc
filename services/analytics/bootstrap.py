"""How analytics is put together: the only file that sees every layer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.analytics.entrypoints.api import definitions, figures
from services.analytics.entrypoints.api.walk import WALK
from services.analytics.entrypoints.cli import COMMANDS
from services.analytics.entrypoints.consumer import consumed, subscriptions
from services.analytics.entrypoints.jobs import JOBS, Context
from services.analytics.settings import Settings
from shared.contracts.topics import ANALYTICS
from shared.database.database import Database
from shared.http.app import create_app
from shared.http.auth import Authenticator
from shared.jobs.contact import database_contact
from shared.jobs.periodic import periodic_jobs
from shared.kernel.clock import SystemClock
from shared.messaging.retention import messaging_retention
from shared.messaging.worker import messaging
from shared.observability.kinds import WorkerPart
from shared.runtime import Role, Service


@asynccontextmanager
async def api(settings: Settings) -> AsyncIterator[Role]:
    """Serves figures and their definitions."""
    authenticator = Authenticator(settings.auth, SystemClock())
    database = await Database.open(settings.database, service=ANALYTICS, role="api")
    try:
        app = create_app(
            service=ANALYTICS,
            routers=[figures.router(database), definitions.router()],
            settings=settings.http,
            authenticator=authenticator,
            walk=WALK,
        )
        checks = {"database": database.ping, "issuer": authenticator.ready}
        yield Role(app=app, parts={"contact": database_contact(database)}, checks=checks)
    finally:
        await database.close()


@asynccontextmanager
async def worker(settings: Settings) -> AsyncIterator[Role]:
    """Counts what is consumed; its relay publishes dead letters only."""
    database = await Database.open(settings.database, service=ANALYTICS, role="worker")
    try:
        context = Context(
            database, SystemClock(), settings.job_interval_seconds, consumed(settings.kafka)
        )
        jobs = periodic_jobs(JOBS, context)
        consuming = messaging(
            ANALYTICS,
            subscriptions(SystemClock()),
            database,
            settings.kafka,
            messaging_retention(settings.retention),
        )
        yield Role(
            parts={**jobs, **consuming.parts},
            checks={"database": database.ping, **consuming.checks},
            groups={WorkerPart.JOBS: tuple(jobs), **consuming.groups},
        )
    finally:
        await database.close()


SERVICE = Service(ANALYTICS, Settings, api, worker, COMMANDS)
