"""A broker that asks for a password, which changes on both sides, in either order, while the same process goes on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from deploy.local.instance import Instance
from deploy.local.kafka import Kafka
from deploy.local.parts import LocalParts, say_plainly
from deploy.local.ports import LOOPBACK, free_port
from shared.contracts.cloudevents import Outgoing
from shared.contracts.event import topic_of
from shared.contracts.followup import ResolutionConfirmed
from shared.database.database import Database
from shared.kernel.errors import Unavailable
from shared.messaging.consumer.consumer import Consumer
from shared.messaging.kafka import Producer
from shared.messaging.kafka_topics import create_topics
from shared.messaging.outbox.append import append
from shared.messaging.outbox.relay import Relay
from shared.messaging.worker import BrokerContact
from shared.settings import KafkaSettings
from shared.settings.mounted import MountedSecret
from tests.support.eventually import eventually
from tests.support.kafka import SOURCE, Place, confirmed, running, settings_of
from tests.support.parts import a_home
from tests.support.proxy import Proxy
from tests.support.recording import RecordingHandler

USER, TOPIC = "rapport", topic_of(ResolutionConfirmed)
REFUSED = "broker: it refuses our user name or password"
Check = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Guarded:
    """A broker that asks for a password, the way to it, and the file in which we have ours."""

    kafka: Kafka
    proxy: Proxy
    file: Path

    def settings(self) -> KafkaSettings:
        known = {
            "bootstrap": f"{LOOPBACK}:{self.proxy.port}",
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_username": USER,
            "sasl_password": MountedSecret(self.file),
        }
        return settings_of(self.kafka).model_copy(update=known)

    async def wants(self, password: str) -> None:
        """Of who connects from now on."""
        await asyncio.to_thread(self.kafka.set_password, USER, password)


@pytest.fixture(scope="module")
def kafka(parts: LocalParts) -> Iterator[tuple[Kafka, Proxy]]:
    if not isinstance(parts.broker, Kafka):
        pytest.skip(f"{parts.broker.name} asks nobody for a password")
    with a_home("guarded") as home:
        instance, port = Instance(home, fresh=True), free_port()
        try:
            started = Kafka(instance, say_plainly)
            listener = started.open_side_listener(port, "SASL_PLAINTEXT")
            started.start()
            with Proxy((LOOPBACK, listener), port) as proxy:
                yield started, proxy
        finally:
            instance.release()


@pytest.fixture
async def guarded(kafka: tuple[Kafka, Proxy], tmp_path: Path) -> Guarded:
    guarded = Guarded(*kafka, tmp_path / "password")
    guarded.file.write_text("the first")
    await guarded.wants("the first")
    await create_topics(settings_of(guarded.kafka), [TOPIC])
    return guarded


class AtWork:
    """A relay, a consumer and the eye on the broker, as they run in a worker."""

    def __init__(self, database: Database, handler: RecordingHandler, kafka: KafkaSettings) -> None:
        place = Place(f"t{uuid4().hex[:12]}", TOPIC, kafka)
        self._database, self._handler = database, handler
        self.consumer = Consumer(place.service, handler.subscription(place), database, kafka)
        self.relay, self.contact = Relay(database, kafka), BrokerContact(kafka)
        self.appended: list[UUID] = []

    async def append(self) -> None:
        event = Outgoing(confirmed())
        self.appended.append(event.id)
        async with self._database.transaction() as tx:
            await append(tx, SOURCE, [event])

    async def all_consumed(self) -> bool:
        for check in (self.consumer.check, self.relay.check, self.contact.check):
            assert await complaint(check) == ""
        assert {*self.appended} <= {*await self._handler.consumed()}, "not all is consumed"
        return True


@pytest.fixture
async def at_work(guarded: Guarded, database: Database) -> AsyncIterator[AtWork]:
    async with RecordingHandler(database) as handler:
        work = AtWork(database, handler, guarded.settings())
        async with running(work.relay, work.consumer, work.contact):
            await work.append()
            await eventually(work.all_consumed, within=40)
            yield work


async def complaint(check: Check) -> str:
    try:
        await check()
    except Unavailable as error:
        return error.detail
    return ""


async def is_troubled(check: Check) -> bool:
    return bool(await complaint(check))


async def is_refused(*checks: Check) -> bool:
    return all([REFUSED in await complaint(check) for check in checks])


async def test_a_password_that_the_broker_changes_first_is_an_outage_until_the_file_has_it(
    guarded: Guarded, at_work: AtWork
) -> None:
    await guarded.wants("the second")
    assert guarded.proxy.cut() > 0
    await at_work.append()
    await eventually(lambda: is_refused(at_work.contact.check), within=20)
    await eventually(lambda: is_troubled(at_work.relay.check), within=20)
    guarded.file.write_text("the second")
    await eventually(at_work.all_consumed, within=40)


async def test_a_password_that_the_file_has_first_is_an_outage_until_the_broker_wants_it(
    guarded: Guarded, at_work: AtWork
) -> None:
    guarded.file.write_text("the third")
    await at_work.append()
    everybody = at_work.contact.check, at_work.consumer.check, at_work.relay.check
    await eventually(lambda: is_refused(*everybody), within=30)
    await guarded.wants("the third")
    await eventually(at_work.all_consumed, within=40)


async def test_connections_that_are_open_go_on_while_the_password_changes(
    guarded: Guarded, at_work: AtWork
) -> None:
    await guarded.wants("the fourth")
    await at_work.append()
    guarded.file.write_text("the fourth")
    await at_work.append()
    await eventually(at_work.all_consumed, within=40)


async def test_a_wrong_password_is_unavailable_and_says_so(guarded: Guarded) -> None:
    guarded.file.write_text("another")
    with pytest.raises(Unavailable, match=REFUSED):
        async with Producer(guarded.settings()):
            pass
