"""What a client says when its connection is gone: an outage, whatever words it has for it."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from shared.kernel.errors import Unavailable
from shared.messaging import kafka
from shared.messaging import reader as reading
from shared.messaging.kafka import Producer
from shared.messaging.kafka_client import close_client
from shared.messaging.kafka_options import connecting
from shared.messaging.reader import Reader
from shared.settings import KafkaSettings
from shared.settings.mounted import MountedSecret
from tests.support.records import record

GONE = (
    KafkaConnectionError(),
    ConnectionResetError(),
    KeyError((1, "default")),
    RuntimeError(
        "unable to perform operation on <TCPTransport closed=True>; the handler is closed"
    ),
)


class Connections:
    """What a client has below it: gone, too."""

    closed = False

    async def close(self) -> None:
        self.closed = True
        raise ConnectionResetError


class Gone:
    """A client whose connection was reset."""

    error: Exception

    def __init__(self, *_: str, **__: Any) -> None:
        self._client = Connections()

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition("rapport.inbox", 3)}

    def subscribe(self, *_: object, **__: object) -> None:
        """It listens."""

    async def start(self) -> None:
        """It was there."""

    async def stop(self) -> None:
        raise self.error

    async def getmany(self, **_: int) -> dict[TopicPartition, list[object]]:
        raise self.error

    async def commit(self, _: object) -> None:
        raise self.error


class Ceased(Gone):
    """A client that lives, but for the task that fetches."""

    error = ConnectionResetError()

    def __init__(self, *_: str, **__: Any) -> None:
        super().__init__()
        self._fetcher = SimpleNamespace(error_future=asyncio.Future[None]())
        self._fetcher.error_future.set_result(None)

    async def getmany(self, **_: int) -> dict[TopicPartition, list[object]]:
        return {}


async def test_a_client_that_ceased_to_fetch_is_an_outage_and_not_a_topic_without_news(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "AIOKafkaConsumer", Ceased)
    async with Reader(KafkaSettings(bootstrap="nowhere:1"), "group", ["rapport.inbox"]) as reader:
        with pytest.raises(Unavailable):
            await reader.poll()


class Waiting(Ceased):
    """Its topics have nothing new."""

    def __init__(self, **_: object) -> None:
        super().__init__()
        self._fetcher = SimpleNamespace(error_future=asyncio.Future[None]())


@pytest.mark.parametrize("error", GONE, ids=lambda error: type(error).__name__)
async def test_a_reset_connection_is_an_outage_and_not_the_end_of_the_process(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "AIOKafkaConsumer", type("Client", (Gone,), {"error": error}))
    async with Reader(KafkaSettings(bootstrap="nowhere:1"), "group", ["rapport.inbox"]) as reader:
        with pytest.raises(Unavailable):
            await reader.poll()
        reader.done([record(kafka.Message(b"key", b"{}", []))])
        with pytest.raises(Unavailable):
            await reader.commit()


class Cancelling(Gone):
    """A client that cancels what it has on its way, and waits for that."""

    error = ConnectionResetError()

    async def stop(self) -> None:
        raise asyncio.CancelledError


async def test_a_client_that_cancels_its_own_work_on_closing_cancels_nobody_else() -> None:
    client = Cancelling()
    await close_client(client)
    assert client._client.closed


async def test_a_client_whose_password_was_replaced_is_given_up_for_one_with_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "password"
    path.write_text("old")
    settings = KafkaSettings(
        bootstrap="nowhere:1",
        security_protocol="SASL_PLAINTEXT",
        sasl_username="me",
        sasl_password=MountedSecret(path),
    )
    monkeypatch.setattr(reading, "AIOKafkaConsumer", Waiting)
    monkeypatch.setattr(kafka, "AIOKafkaProducer", Waiting)
    reader, producer = Reader(settings, "group", ["rapport.inbox"]), Producer(settings)
    assert await reader.poll() == []
    path.write_text("new")
    with pytest.raises(Unavailable, match="our password was replaced"):
        await reader.poll()
    with pytest.raises(Unavailable, match="our password was replaced"):
        await producer.write("rapport.inbox", 0, [])
    assert await Reader(settings, "group", ["rapport.inbox"]).poll() == []
    assert connecting(settings)["sasl_plain_password"] == "new"
