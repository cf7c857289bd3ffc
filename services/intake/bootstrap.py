"""How intake is put together: the only file that sees every layer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from services.intake.adapters.language import LanguageDetector
from services.intake.adapters.mail_out import Mailer
from services.intake.adapters.reading import MailReaders
from services.intake.adapters.wording import Wordings
from services.intake.application.accept import Accept
from services.intake.application.centre import CurrentCentre
from services.intake.application.hearing import Hearing
from services.intake.application.mail_room import MailRoom
from services.intake.application.quarantine import Replay
from services.intake.application.reception import Reception
from services.intake.application.sending import Sending
from services.intake.domain.centre import Defaults
from services.intake.domain.delivery import Retry
from services.intake.domain.promise import PromiseRule
from services.intake.domain.quarantine import Room
from services.intake.entrypoints.consumer import subscriptions
from services.intake.entrypoints.contacts import post_contact
from services.intake.entrypoints.http import admin_routes, contact_routes, waits_routes
from services.intake.entrypoints.smtp import SmtpDoor
from services.intake.entrypoints.timers import PromiseTimer, PromiseWatch, Sender
from services.intake.settings import MailSettings, Settings
from shared.contracts.topics import INTAKE
from shared.database.database import Database
from shared.http.app import App, create_app
from shared.http.auth import Authenticator
from shared.kernel.clock import Clock, SystemClock
from shared.messaging.worker import messaging
from shared.runtime import Part, Role, Service


@asynccontextmanager
async def api(settings: Settings) -> AsyncIterator[Role]:
    """The doors for people and publishers: SMTP and HTTP."""
    clock = SystemClock()
    authenticator = Authenticator(settings.auth, clock)
    database = await Database.open(settings.database, name="intake-api")
    accept, centre = Accept(LanguageDetector()), current_centre(settings, clock)
    reception = Reception(
        database, accept, centre, lanes=settings.commit_lanes, cap=settings.commit_cap
    )
    readers = MailReaders(settings.reading)
    door = SmtpDoor(settings.smtp, MailRoom(database, reception, readers, clock))
    try:
        await readers.open()
        yield Role(
            app=application(
                settings,
                database,
                authenticator,
                reception=reception,
                replay=Replay(database, accept, centre, readers, clock),
                clock=clock,
            ),
            parts={"smtp": door, "reception": _Drained(reception)},
            checks={
                "database": database.ping,
                "issuer": authenticator.ready,
                "smtp": door.check,
            },
        )
    finally:
        await readers.close()
        await database.close()


@asynccontextmanager
async def worker(settings: Settings) -> AsyncIterator[Role]:
    """The ears, the voice and the timers."""
    clock = SystemClock()
    database = await Database.open(settings.database, name="intake-worker")
    room = Room(max_count=settings.quarantine.max_count, max_bytes=settings.quarantine.max_bytes)
    hearing = Hearing(Accept(LanguageDetector()), current_centre(settings, clock), clock, room)
    kafka = messaging(INTAKE, subscriptions(hearing), database, settings.kafka)
    timer = PromiseTimer(
        database,
        clock,
        batch=settings.promise.batch,
        longest_sleep=timedelta(seconds=settings.promise.minimum_seconds / 2),
    )
    parts: dict[str, Part] = {
        "sender": sender(settings.mail, database, clock),
        "promises": timer,
        "promise-watch": PromiseWatch(database, clock),
        **kafka.parts,
    }
    try:
        yield Role(parts=parts, checks={"database": database.ping, **kafka.checks})
    finally:
        await database.close()


def application(
    settings: Settings,
    database: Database,
    authenticator: Authenticator,
    *,
    reception: Reception,
    replay: Replay,
    clock: Clock,
) -> App:
    """The HTTP door."""
    return create_app(
        service=INTAKE,
        routers=[
            contact_routes(database),
            waits_routes(database, clock, settings.mail.sender),
            admin_routes(database, replay),
        ],
        settings=settings.http,
        authenticator=authenticator,
        hot=[post_contact(reception, clock)],
    )


def current_centre(settings: Settings, clock: Clock) -> CurrentCentre:
    """The centre with the defaults that the settings give."""
    centre, promise = settings.centre, settings.promise
    defaults = Defaults(
        language=centre.language,
        time_zones=dict(centre.time_zones),
        value_tier=centre.value_tier,
        promise=PromiseRule(
            minimum=timedelta(seconds=promise.minimum_seconds),
            default_target=timedelta(seconds=promise.default_target_seconds),
        ),
    )
    return CurrentCentre(defaults, Wordings(centre.language).acknowledgement, clock)


def sender(settings: MailSettings, database: Database, clock: Clock) -> Sender:
    """Mail out."""
    mailer = Mailer(settings, clock)
    retry = Retry(
        first=timedelta(seconds=settings.first_retry_seconds),
        longest=timedelta(seconds=settings.longest_retry_seconds),
        attempts=settings.attempts,
    )
    lease = timedelta(seconds=settings.lease_seconds)
    return Sender(
        Sending(database, mailer, retry, clock, lease),
        mailer,
        connections=settings.connections,
        in_hand=settings.in_hand,
        poll=settings.poll_seconds,
    )


class _Drained:
    """Ends when what the doors took is committed."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    async def run(self, stop: asyncio.Event) -> None:
        """Wait for `stop`, then for the last commit."""
        await stop.wait()
        await self._reception.drained()


SERVICE = Service(name=INTAKE, settings=Settings, api=api, worker=worker)
