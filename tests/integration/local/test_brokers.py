"""Each broker starts, carries a record there and back, and comes back after a crash."""

import socket
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local import embedded, kafka
from deploy.local.embedded import Embedded
from deploy.local.failure import KafkaUnavailable, LaunchFailure
from deploy.local.instance import Instance
from deploy.local.kafka import Kafka
from deploy.local.parts import Broker, LocalParts, choose_broker
from deploy.local.ports import free_port
from deploy.local.probe import serves_groups
from tests.integration.local.conftest import a_home


def quiet(_line: str) -> None:
    """Say nothing."""


async def test_kafka_keeps_what_it_was_given_through_a_kill(instance: Instance) -> None:
    broker = Kafka(instance, quiet)
    broker.start()
    bootstrap = broker.bootstrap
    await create(broker, "letters")
    await write(broker, "letters", b"before")
    broker.kill()
    broker.start()
    await write(broker, "letters", b"after")
    assert broker.bootstrap == bootstrap
    assert await read(broker, "letters", 2) == [b"before", b"after"]
    broker.stop()


async def test_the_embedded_broker_carries_records(home: Path) -> None:
    with LocalParts(home, "embedded", say=quiet) as parts:
        await create(parts.broker, "letters")
        await write(parts.broker, "letters", b"one")
        assert await read(parts.broker, "letters", 1) == [b"one"]


@pytest.fixture
def other_broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The broker of another instance; it took its port just after ours was given the same."""
    with a_home() as home, LocalParts(home, "embedded", say=quiet) as parts:
        theirs = int(parts.broker.bootstrap.rpartition(":")[2])
        for module in (embedded, kafka):
            monkeypatch.setattr(module, "free_port", lambda *its: theirs if its else free_port())
        yield parts.broker.bootstrap


@pytest.mark.parametrize("wanted", ["kafka", "embedded"])
def test_the_broker_of_another_instance_is_never_taken_for_ours(
    other_broker: str, instance: Instance, wanted: str
) -> None:
    broker = choose_broker(wanted, instance, quiet)
    with pytest.raises(LaunchFailure, match=r"Another program listens(.|\n)*ended with status"):
        broker.start()
    assert broker.bootstrap == other_broker


def test_a_port_that_says_nothing_useful_does_not_count_as_serving() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        mute.settimeout(0.1)
        assert not serves_groups(mute.getsockname()[1])


@pytest.fixture
def no_kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> str:
        raise KafkaUnavailable("Apache Kafka's jars cannot be fetched.")

    monkeypatch.setattr(kafka, "class_path", refuse)


@pytest.mark.usefixtures("no_kafka")
def test_without_jars_auto_takes_the_embedded_broker_and_says_so_in_one_line(
    instance: Instance,
) -> None:
    lines: list[str] = []
    assert isinstance(choose_broker("auto", instance, lines.append), Embedded)
    assert lines == ["Apache Kafka's jars cannot be fetched. Using the embedded broker instead."]


@pytest.mark.usefixtures("no_kafka")
def test_without_jars_a_demand_for_kafka_fails_and_frees_the_folder(home: Path) -> None:
    with pytest.raises(KafkaUnavailable):
        LocalParts(home, "kafka", say=quiet)
    Instance(home).release()


def test_an_unknown_broker_is_refused_with_the_choices(home: Path) -> None:
    with pytest.raises(LaunchFailure, match="auto, kafka, embedded"):
        LocalParts(home, "carrier-pigeon")


async def create(broker: Broker, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    await admin.close()


async def write(broker: Broker, topic: str, value: bytes) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap, enable_idempotence=broker.idempotent
    )
    await producer.start()
    await producer.send_and_wait(topic, value)
    await producer.stop()


async def read(broker: Broker, topic: str, count: int) -> list[bytes | None]:
    """The first records of a topic, read as a member of a group."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=broker.bootstrap,
        group_id=uuid4().hex,
        auto_offset_reset="earliest",
        session_timeout_ms=2_000,
        heartbeat_interval_ms=100,
    )
    await consumer.start()
    values = [(await consumer.getone()).value for _ in range(count)]
    await consumer.stop()
    return values
