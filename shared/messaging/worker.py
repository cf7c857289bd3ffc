"""The messaging half of a worker process, put together."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from time import monotonic
from typing import NamedTuple, Protocol

from shared.database.database import Database
from shared.jobs.backoff import pause
from shared.jobs.retention import Retention, retention_jobs
from shared.kernel.clock import SystemClock
from shared.kernel.errors import Unavailable
from shared.messaging.consumer.consumer import Consumer
from shared.messaging.consumer.subscription import Subscription
from shared.messaging.consumer.time_left import time_left_job
from shared.messaging.kafka import Probe
from shared.messaging.outbox.age import age_job
from shared.messaging.outbox.backlog import Backlog
from shared.messaging.outbox.horizon import horizon_job
from shared.messaging.outbox.relay import Relay
from shared.observability import metrics
from shared.observability.kinds import WorkerPart
from shared.observability.outages import Trouble
from shared.settings import KafkaSettings

ASK_EVERY_SECONDS = 3.0


class _Part(Protocol):
    async def run(self, stop: asyncio.Event) -> None: ...


class Worker(NamedTuple):
    """What runs, in the order in which it is to be stopped; what says whether it is ready; and which of it
    belongs to the consumers, which to the relay."""

    parts: Mapping[str, _Part]
    checks: Mapping[str, Callable[[], Awaitable[None]]]
    groups: Mapping[str, Collection[str]]


def messaging(
    service: str,
    subscriptions: Sequence[Subscription],
    database: Database,
    kafka: KafkaSettings,
    retention: Retention,
    *,
    backlog: Backlog | None = None,
) -> Worker:
    """The consumers of these subscriptions, the relay, an eye on the broker, and what deletes old rows.

    A service that takes nothing in beyond a limit gives its own `backlog`; else what waits is measured alone.
    """
    waiting = backlog or Backlog(database)
    consumers = {
        ".".join(filter(None, ("consumer", each.name))): Consumer(service, each, database, kafka)
        for each in subscriptions
    }
    relay, contact = Relay(database, kafka), BrokerContact(kafka)
    parts: dict[str, _Part] = {
        **consumers,
        "outbox_age": age_job(database),
        "horizon_age": horizon_job(database),
        **retention_jobs(database, SystemClock(), retention),
        "time_left": time_left_job(service, subscriptions, kafka),
        "outbox": waiting.job(),
        "relay": relay,
        "broker": contact,
    }
    checks = {name: part.check for name, part in consumers.items()}
    if backlog:
        checks["outbox"] = backlog.check
    groups: dict[str, Collection[str]] = {
        WorkerPart.CONSUMERS: (*consumers, "broker", "time_left"),
        WorkerPart.RELAY: ("relay", "broker", "time_left"),
    }
    return Worker(parts, {**checks, "relay": relay.check, "broker": contact.check}, groups)


class BrokerContact:
    """Asks the broker for a sign of life every few seconds, for the client hides its absence."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._probe = Probe(kafka)
        self._trouble = Trouble("contact", "the broker has not answered yet")

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until `stop` is set."""
        answered = monotonic()
        metrics.broker_contact_age.set_function(lambda: monotonic() - answered)
        while not stop.is_set():
            try:
                await self._probe.ask()
                answered = monotonic()
                self._trouble.over()
            except Unavailable as error:
                self._trouble.met(error)
            await pause(stop, ASK_EVERY_SECONDS)

    async def check(self) -> None:
        """Raises `Unavailable` if the last question was not answered."""
        await self._trouble.check()
