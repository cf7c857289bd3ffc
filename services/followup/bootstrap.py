"""How followup is put together: the only file that sees every layer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from services.followup.adapters.links import Links
from services.followup.application.answering import Answering
from services.followup.application.hearing import Hearing
from services.followup.application.timing import Timing
from services.followup.domain.policy import Policy, QuietHours, Rule
from services.followup.entrypoints.consumer import subscriptions
from services.followup.entrypoints.http import router
from services.followup.entrypoints.timers import Timers
from services.followup.settings import CheckInRule, CheckInSettings, Settings
from shared.contracts.topics import FOLLOWUP
from shared.database.database import Database
from shared.http.app import create_app
from shared.http.auth import Authenticator
from shared.kernel.clock import SystemClock
from shared.messaging.worker import messaging
from shared.runtime import Role, Service


@asynccontextmanager
async def api(settings: Settings) -> AsyncIterator[Role]:
    """What customers and operators reach."""
    clock = SystemClock()
    authenticator = Authenticator(settings.auth, clock)
    database = await Database.open(settings.database, name="followup-api")
    try:
        app = create_app(
            service=FOLLOWUP,
            routers=[router(database, Answering(links(settings), clock))],
            settings=settings.http,
            authenticator=authenticator,
        )
        yield Role(app=app, checks={"database": database.ping, "issuer": authenticator.ready})
    finally:
        await database.close()


@asynccontextmanager
async def worker(settings: Settings) -> AsyncIterator[Role]:
    """What hears, asks and closes. Its relay comes last: it tells what the others decided."""
    clock, rules = SystemClock(), policy(settings.check_in)
    database = await Database.open(settings.database, name="followup-worker")
    try:
        timing = Timing(rules, links(settings), clock)
        timers = Timers(database, timing, clock, settings.timer_batch)
        ears = subscriptions(Hearing(rules, clock))
        told = messaging(FOLLOWUP, ears, database, settings.kafka)
        yield Role(
            parts={"timers": timers, **told.parts},
            checks={"database": database.ping, "timers": timers.check, **told.checks},
        )
    finally:
        await database.close()


SERVICE = Service(FOLLOWUP, Settings, api, worker)


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
    secrets = [secret.get_secret_value() for secret in settings.link_secrets]
    return Links(str(settings.public_url), secrets)


def _rule(rule: CheckInRule) -> Rule:
    return Rule(
        delay=timedelta(seconds=rule.delay_seconds),
        window=timedelta(seconds=rule.window_seconds),
        channel=rule.channel,
        queue_id=rule.queue_id,
        value_tier=rule.value_tier,
    )
