"""What an operator sees of a queue that does not move: all of it, while it does not move."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import msgspec
import pytest
from prometheus_client import REGISTRY

from deploy.local.ports import LOOPBACK, free_port
from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event
from shared.database.database import Database
from shared.jobs.lease import Lease
from shared.kernel.errors import Unavailable
from shared.messaging.consumer import time_left
from shared.messaging.consumer.consumer import Consumer
from shared.messaging.consumer.time_left import time_left_job
from shared.messaging.outbox.age import age_job
from shared.messaging.outbox.append import append
from shared.messaging.outbox.relay import Relay
from shared.messaging.worker import messaging
from shared.observability import metrics
from shared.settings import KafkaSettings
from tests.support.eventually import eventually
from tests.support.garbled import publish_batch
from tests.support.kafka import SOURCE, Place, confirmed, message, running
from tests.support.recording import RecordingHandler


@pytest.fixture(autouse=True)
async def _nobody_elses() -> AsyncIterator[None]:
    metrics.outbox_age.set(0)
    yield
    metrics.outbox_age.set(0)


def lag(place: Place) -> float | None:
    labels = {"topic": place.topic.name}
    return REGISTRY.get_sample_value("rapport_consumer_lag_records", labels)


def age() -> float:
    return REGISTRY.get_sample_value("rapport_outbox_age_seconds") or 0.0


async def away(_: Sequence[Incoming[Event]]) -> None:
    raise Unavailable("the database is away")


async def test_what_a_stuck_consumer_does_not_process_is_lag_over_all_its_group_members(
    place: Place, database: Database
) -> None:
    async with RecordingHandler(database, away) as handler:
        consumer = Consumer(place.service, handler.subscription(place), database, place.kafka)
        async with running(consumer):
            await place.publish(*(message(confirmed()) for _ in range(40)))
            await eventually(lambda: lag(place) == 40, within=30)
            await place.publish(*(message(confirmed()) for _ in range(20)))
            await eventually(lambda: lag(place) == 60, within=30)


async def test_what_is_done_is_no_lag(place: Place, database: Database) -> None:
    await place.publish(*(message(confirmed()) for _ in range(40)))
    async with RecordingHandler(database) as handler:
        async with running(
            Consumer(place.service, handler.subscription(place), database, place.kafka)
        ):
            await eventually(lambda: lag(place) == 0, within=30)
        assert len(await handler.consumed()) == 40


async def test_what_waits_in_the_outbox_ages_though_the_broker_was_never_there(
    database: Database, broker: KafkaSettings
) -> None:
    async with database.transaction() as tx:
        await append(tx, SOURCE, [Outgoing(confirmed())])
    nobody = broker.model_copy(update={"bootstrap": f"{LOOPBACK}:{free_port()}"})
    async with running(Relay(database, nobody), age_job(database)):
        await eventually(lambda: age() > 0, within=20)


async def test_a_standby_shows_what_waits_in_the_outbox_as_well(database: Database) -> None:
    holder = Lease(database, "relay")
    assert await holder.take()
    async with database.transaction() as tx:
        await append(tx, SOURCE, [Outgoing(confirmed())])
    worker = messaging(
        "tests", [], database, KafkaSettings(bootstrap=f"{LOOPBACK}:{free_port()}"), {}
    )
    async with running(*worker.parts.values()):
        await eventually(lambda: age() > 0, within=20)
        assert REGISTRY.get_sample_value("rapport_relay_leading") == 0


DAY, KEPT = 86_400.0, 14 * 86_400.0


def left(place: Place, topic: str = "") -> float | None:
    labels = {"group": f"rapport.{place.service}", "topic": topic or place.topic.name}
    return REGISTRY.get_sample_value("rapport_consumer_retention_left_seconds", labels)


async def test_one_sees_how_long_it_is_until_unread_records_are_deleted(
    place: Place, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_left, "INTERVAL_SECONDS", 0.3)
    for partition, days in ((0, 2), (1, 5), (1, 1)):
        await publish_batch(
            place.kafka,
            place.topic.name,
            message(confirmed()),
            partition=partition,
            age=days * DAY,
        )
    async with RecordingHandler(database) as handler:
        subscription = handler.subscription(place)
        async with running(time_left_job(place.service, [subscription], place.kafka)):
            await eventually(lambda: near(left(place), KEPT - 5 * DAY), within=30)
            async with running(Consumer(place.service, subscription, database, place.kafka)):
                await eventually(lambda: near(left(place), KEPT), within=30)


def near(seconds: float | None, wanted: float) -> bool:
    return seconds is not None and abs(seconds - wanted) < 60


async def test_of_a_compacted_topic_nothing_is_said(place: Place, database: Database) -> None:
    compacted = msgspec.structs.replace(place.topic, retention_hours=None)
    kept = msgspec.structs.replace(place.topic, name=f"{place.topic.name}-kept")
    nobody = place.kafka.model_copy(update={"bootstrap": f"{LOOPBACK}:{free_port()}"})
    async with RecordingHandler(database) as handler:
        subscription = replace(handler.subscription(place), topics=(compacted, kept))
        async with running(time_left_job(place.service, [subscription], nobody)):
            await eventually(lambda: left(place, kept.name) is not None)
    assert left(place) is None


async def test_while_the_broker_is_away_the_time_left_grows_shorter(
    place: Place, database: Database
) -> None:
    nobody = place.kafka.model_copy(update={"bootstrap": f"{LOOPBACK}:{free_port()}"})
    async with RecordingHandler(database) as handler:
        job = time_left_job(place.service, [handler.subscription(place)], nobody)
        async with running(job):
            await eventually(lambda: (left(place) or KEPT) < KEPT - 0.3)


async def test_one_sees_which_member_has_how_many_partitions_and_that_they_moved(
    place: Place, database: Database
) -> None:
    group = f"rapport.{place.service}"

    def partitions(member: int) -> float | None:
        labels = {"group": group, "member": str(member)}
        return REGISTRY.get_sample_value("rapport_consumer_partitions", labels)

    def rebalances() -> float:
        labels = {"group": group}
        return REGISTRY.get_sample_value("rapport_consumer_rebalances_total", labels) or 0.0

    async with RecordingHandler(database) as handler:
        reading = Consumer(place.service, handler.subscription(place), database, place.kafka)
        async with running(reading):
            await eventually(lambda: partitions(0) == partitions(1) == 1, within=30)
            before = rebalances()
            async with running(
                Consumer(place.service, handler.subscription(place), database, place.kafka)
            ):
                await eventually(lambda: rebalances() > before, within=30)
    assert partitions(0) == partitions(1) == 0
    assert before >= 2
