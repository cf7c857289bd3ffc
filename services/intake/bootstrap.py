"""How intake is put together: the only file that sees every layer."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from services.intake.adapters.attachment_store import AttachmentStore
from services.intake.adapters.channels.email.readers import MailReaders
from services.intake.adapters.channels.port import ChannelPort
from services.intake.adapters.channels.registry import registered, webhooks
from services.intake.adapters.language import LanguageDetector
from services.intake.adapters.wording import Wordings
from services.intake.application.centre_config import CurrentCentreConfig
from services.intake.application.commands.accept import Accept
from services.intake.application.commands.replay_quarantined import ReplayQuarantined
from services.intake.application.commands.store_attachments import StoreAttachments
from services.intake.application.delivery import Delivery, DeliveryJob
from services.intake.application.inbound_mail import InboundMail
from services.intake.application.orphan_sweep import OrphanSweep
from services.intake.application.submission import Submission
from services.intake.domain.centre_config import Defaults
from services.intake.domain.channels import Channels
from services.intake.domain.delivery import RetryPolicy
from services.intake.domain.promise import PromiseRule
from services.intake.domain.quarantine_room import Room
from services.intake.entrypoints.api.attachments import attachment_routes
from services.intake.entrypoints.api.contacts import contact_routes, post_contact
from services.intake.entrypoints.api.quarantine import quarantine_routes
from services.intake.entrypoints.api.tally import tally_routes
from services.intake.entrypoints.api.topic_rules import topic_rule_routes
from services.intake.entrypoints.api.waits import waits_routes
from services.intake.entrypoints.api.walk import WALK
from services.intake.entrypoints.api.webhooks import webhook_routes
from services.intake.entrypoints.consumer import subscriptions
from services.intake.entrypoints.jobs import JOBS, Context
from services.intake.entrypoints.smtp import SmtpServer
from services.intake.settings import Settings
from shared.contracts.topics import INTAKE
from shared.contracts.values import Channel
from shared.database.database import Database
from shared.http.app import App, create_app
from shared.http.auth import Authenticator
from shared.jobs.periodic import periodic_jobs
from shared.kernel.clock import Clock, SystemClock
from shared.messaging.consumer.subscription import Admit, Subscription
from shared.messaging.outbox.backlog import Backlog, Limit
from shared.messaging.retention import expired_contact_retention, messaging_retention
from shared.messaging.worker import messaging
from shared.observability.kinds import WorkerPart
from shared.runtime import Part, Role, Service


@asynccontextmanager
async def api(settings: Settings) -> AsyncIterator[Role]:
    """The servers for people and publishers: SMTP and HTTP."""
    clock = SystemClock()
    authenticator = Authenticator(settings.auth, clock)
    attachments = AttachmentStore(settings.attachments)
    database = await Database.open(settings.database, service=INTAKE, role="api")
    channels = registered(settings, clock)
    accept, config = Accept(LanguageDetector()), current_config(settings, channels, clock)
    backlog = backlog_of(settings, database)
    store_attachments = StoreAttachments(database, attachments)
    submission = submitting(settings, database, accept, config, store_attachments, backlog=backlog)
    readers = MailReaders(settings.reading)
    replay = ReplayQuarantined(
        database, accept, config, readers, store_attachments=store_attachments, clock=clock
    )
    smtp = SmtpServer(settings.smtp, InboundMail(database, submission, readers, clock))
    try:
        await readers.open()
        yield Role(
            app=application(
                settings,
                database,
                authenticator,
                submission=submission,
                replay=replay,
                attachments=attachments,
                channels=channels,
                clock=clock,
            ),
            parts={"smtp": smtp, "submission": _Drained(submission), "outbox": backlog.job()},
            checks={
                "database": database.ping,
                "issuer": authenticator.ready,
                "smtp": smtp.check,
                "outbox": backlog.check,
            },
            optional={"attachments": attachments.check},
        )
    finally:
        await readers.close()
        await database.close()


@asynccontextmanager
async def worker(settings: Settings) -> AsyncIterator[Role]:
    """The consumers, the delivery job and the periodic jobs."""
    clock = SystemClock()
    attachments = AttachmentStore(settings.attachments)
    database = await Database.open(settings.database, service=INTAKE, role="worker")
    channels = registered(settings, clock)
    backlog = backlog_of(settings, database)
    subscribed = consumed(settings, channels, clock, backlog.admit)
    periods = settings.retention
    retention = messaging_retention(periods) | expired_contact_retention(periods)
    kafka = messaging(INTAKE, subscribed, database, settings.kafka, retention, backlog=backlog)
    context = Context(
        database,
        clock,
        batch=settings.promise.batch,
        longest_sleep=timedelta(seconds=settings.promise.minimum_seconds / 2),
        orphans=OrphanSweep(database, attachments, clock),
        keep_contacts=timedelta(days=settings.keep_contacts_days),
        admit=backlog.admit,
    )
    jobs = periodic_jobs(JOBS, context)
    parts: dict[str, Part] = {
        "delivery": delivery_job(settings, channels, database, clock),
        **jobs,
        **kafka.parts,
    }
    try:
        yield Role(
            parts=parts,
            checks={"database": database.ping, **kafka.checks},
            optional={"attachments": attachments.check},
            groups={
                WorkerPart.DELIVERY: ("delivery",),
                WorkerPart.JOBS: tuple(jobs),
                **kafka.groups,
            },
        )
    finally:
        await database.close()


def application(
    settings: Settings,
    database: Database,
    authenticator: Authenticator,
    *,
    submission: Submission,
    replay: ReplayQuarantined,
    attachments: AttachmentStore,
    channels: Mapping[Channel, ChannelPort],
    clock: Clock,
) -> App:
    """The HTTP server."""
    rules = Channels(channels)
    return create_app(
        service=INTAKE,
        routers=[
            contact_routes(database),
            attachment_routes(database, attachments),
            waits_routes(database, clock, rules, settings.mail.sender),
            topic_rule_routes(database),
            quarantine_routes(database, replay),
            tally_routes(database),
            webhook_routes(webhooks(channels), submission, clock),
        ],
        settings=settings.http,
        authenticator=authenticator,
        hot=[post_contact(submission, rules, clock)],
        walk=WALK,
    )


def submitting(
    settings: Settings,
    database: Database,
    accept: Accept,
    config: CurrentCentreConfig,
    store_attachments: StoreAttachments,
    *,
    backlog: Backlog,
) -> Submission:
    """What the servers hand arrivals to."""
    return Submission(
        database,
        accept,
        config,
        store_attachments,
        backlog=backlog,
        max_in_flight=settings.commit_max_in_flight,
        max_batch=settings.commit_max_batch,
        max_bytes=settings.commit_max_bytes,
    )


def consumed(
    settings: Settings,
    channels: Mapping[Channel, ChannelPort],
    clock: Clock,
    admit: Admit | None = None,
) -> Sequence[Subscription]:
    """The subscriptions, as the settings would have them."""
    quarantine = settings.quarantine
    room = Room(max_count=quarantine.max_count, max_bytes=quarantine.max_bytes)
    return subscriptions(
        Accept(LanguageDetector()), current_config(settings, channels, clock), clock, room, admit
    )


def backlog_of(settings: Settings, database: Database) -> Backlog:
    """What waits to be published, with the limit that the settings give."""
    return Backlog(database, Limit(settings.outbox.max_rows, settings.outbox.max_bytes))


def current_config(
    settings: Settings, channels: Mapping[Channel, ChannelPort], clock: Clock
) -> CurrentCentreConfig:
    """The centre config with the defaults that the settings give."""
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
    return CurrentCentreConfig(
        defaults, Wordings(centre.language).acknowledgement, Channels(channels), clock
    )


def delivery_job(
    settings: Settings, channels: Mapping[Channel, ChannelPort], database: Database, clock: Clock
) -> DeliveryJob:
    """What delivers our messages on all channels."""
    delivery = settings.delivery
    retry = RetryPolicy(
        first=timedelta(seconds=delivery.first_retry_seconds),
        longest=timedelta(seconds=delivery.longest_retry_seconds),
        attempts=delivery.max_attempts,
    )
    lease = timedelta(seconds=delivery.lease_seconds)
    return DeliveryJob(
        Delivery(database, channels, retry, clock, lease),
        max_in_flight=delivery.max_in_flight,
        max_leased=delivery.max_leased,
        poll=delivery.poll_seconds,
    )


class _Drained:
    """Ends when what was submitted is committed."""

    def __init__(self, submission: Submission) -> None:
        self._submission = submission

    async def run(self, stop: asyncio.Event) -> None:
        """Wait for `stop`, then for the last commit."""
        await stop.wait()
        await self._submission.drained()


SERVICE = Service(
    name=INTAKE,
    settings=Settings,
    api=api,
    worker=worker,
    parts=tuple(WorkerPart),
)
