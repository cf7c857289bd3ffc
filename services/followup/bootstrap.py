"""How followup is put together: the only file that sees every layer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import APIRouter

from services.followup.adapters.links import Links
from services.followup.application.commands.answer_check_in import AnswerCheckIn
from services.followup.application.commands.ask_due import AskDue
from services.followup.application.commands.close_due import CloseDue
from services.followup.application.queries.questions import Questions
from services.followup.domain.check_ins.policy import Policy, QuietHours, Rule
from services.followup.entrypoints.api import check_ins, questions
from services.followup.entrypoints.api.walk import WALK
from services.followup.entrypoints.consumer import subscriptions
from services.followup.entrypoints.jobs import JOBS, Context
from services.followup.settings import CheckInRule, CheckInSettings, Settings
from shared.contracts.topics import FOLLOWUP
from shared.database.database import Database
from shared.http.app import create_app
from shared.http.auth import Authenticator
from shared.jobs.contact import database_contact
from shared.jobs.periodic import periodic_jobs
from shared.jobs.signals import Signals
from shared.kernel.clock import Clock, SystemClock
from shared.messaging.retention import expired_contact_retention, messaging_retention
from shared.messaging.worker import messaging
from shared.observability.kinds import WorkerPart
from shared.runtime import Role, Service


@asynccontextmanager
async def api(settings: Settings) -> AsyncIterator[Role]:
    """What customers and operators reach."""
    clock = SystemClock()
    authenticator = Authenticator(settings.auth, clock)
    database = await Database.open(settings.database, service=FOLLOWUP, role="api")
    try:
        app = create_app(
            service=FOLLOWUP,
            routers=routers(database, links(settings), clock),
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
    """What consumes, asks and closes. Its relay stops last: it publishes what the others decided."""
    clock, rules = SystemClock(), policy(settings.check_in)
    database = await Database.open(settings.database, service=FOLLOWUP, role="worker")
    try:
        signals = Signals(database)
        context = Context(
            database,
            clock,
            settings.job_batch,
            ask_due=AskDue(rules, links(settings), clock),
            close_due=CloseDue(clock),
        )
        periodic = periodic_jobs(JOBS, context, signals)
        periods = settings.retention
        retention = messaging_retention(periods) | expired_contact_retention(periods)
        consumed = subscriptions(rules, clock)
        events = messaging(FOLLOWUP, consumed, database, settings.kafka, retention)
        checks = {"database": database.ping, **{name: job.check for name, job in periodic.items()}}
        yield Role(
            parts={**periodic, "signals": signals, **events.parts},
            checks={**checks, **events.checks},
            groups={WorkerPart.JOBS: (*periodic, "signals"), **events.groups},
        )
    finally:
        await database.close()


SERVICE = Service(FOLLOWUP, Settings, api, worker)


def routers(database: Database, signed: Links, clock: Clock) -> list[APIRouter]:
    """All routes of followup."""
    return [
        check_ins.router(database),
        questions.router(database, Questions(signed, clock), AnswerCheckIn(signed, clock)),
    ]


def policy(settings: CheckInSettings) -> Policy:
    """The policy that the settings describe."""
    otherwise = CheckInRule(
        delay_seconds=settings.delay_seconds, window_seconds=settings.window_seconds
    )
    return Policy(
        rules=tuple(map(_rule, (*settings.rules, otherwise))),
        quiet_hours=QuietHours(settings.quiet_from, settings.quiet_until)
        if settings.quiet_hours
        else None,
    )


def links(settings: Settings) -> Links:
    """Makes and reads links as the settings say."""
    return Links(str(settings.public_url), settings.link_secrets)


def _rule(rule: CheckInRule) -> Rule:
    return Rule(
        delay=timedelta(seconds=rule.delay_seconds),
        window=timedelta(seconds=rule.window_seconds),
        channel=rule.channel,
        queue_id=rule.queue_id,
        value_tier=rule.value_tier,
    )
