"""Poison: put aside once, with its reason and its origin, while the partition moves on."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import randbytes
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from pydantic import SecretStr
from structlog.testing import capture_logs

from shared.contracts.cloudevents import NO_BINARY_EVENT, Outgoing, decode
from shared.contracts.external import ContactSubmitted, SubmittedPersonal
from shared.contracts.values import Channel
from shared.database.database import Database
from shared.kernel.errors import Invalid
from shared.messaging.consumer.consumer import Consumer
from shared.messaging.dead_letters.command import dead_letters_command
from shared.messaging.dead_letters.listed import list_dead_letters
from shared.messaging.kafka import Message
from shared.messaging.outbox.relay import Relay
from shared.runtime.command_line import asked
from shared.settings import DatabaseSettings, KafkaSettings
from tests.support.eventually import eventually
from tests.support.kafka import Place, binary, confirmed, message, running
from tests.support.recording import Doubt, RecordingHandler
from tests.support.records import record

KEY, VALUE, HEADERS = binary(message(confirmed()))
GOOD = dict(HEADERS)


def poisoned(value: bytes | None = VALUE, **changes: bytes | None) -> Message:
    headers = GOOD | {"ce_id": str(uuid4()).encode()} | changes
    kept = [(name, content) for name, content in headers.items() if content is not None]
    return Message(KEY, value, kept)


SECRET = b"ada-secret"
POISON = {
    "bad JSON": poisoned(b"{" + SECRET),
    "wrong schema": poisoned(json.dumps({"contact_id": SECRET.decode()}).encode()),
    "unknown version": poisoned(ce_type=b"rapport.resolution.confirmed.v99"),
    "missing headers": Message(KEY, VALUE, []),
    "no id": poisoned(ce_id=None),
    "bad UTF-8": poisoned((VALUE or b"").replace(b"agent-1", b"\xff\xfe")),
    "bad UTF-8 in a header": poisoned(ce_subject=b"\xff"),
    "headers without content": Message(KEY, VALUE, [(name, None) for name in GOOD]),
    "time before the calendar": poisoned(ce_time=b"0001-01-01T00:00:00+14:00"),
    "tombstone": poisoned(None),
    "no key": poisoned(b"[]")._replace(key=None),
    "900 KiB of nonsense": poisoned(b'{"contact_id": "' + b"x" * 900 * 1024),
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
async def test_poison_is_put_aside_once_and_the_partition_moves_on(
    place: Place, database: Database, poison: Message
) -> None:
    before, after = Outgoing(confirmed()), Outgoing(confirmed())
    await place.publish(message(before), poison, message(after))
    async with RecordingHandler(database) as handler:
        for _ in range(2):  # the second consumer reads nothing anew, or has it in its inbox
            async with running(
                Consumer(place.service, handler.subscription(place), database, place.kafka),
                Relay(database, place.kafka),
            ):

                async def moved_on() -> None:
                    assert sorted(await handler.consumed()) == sorted([before.id, after.id])
                    assert len(await place.dead_letters()) == 1

                await eventually(moved_on, every=0.3, within=30)
    (letter,) = await place.dead_letters()
    headers = dict(letter.headers)
    assert (letter.key, letter.value) == (poison.key, poison.value)
    assert headers.items() >= dict(poison.headers).items()
    assert headers["rapport-reason"] == b"invalid"
    assert headers["rapport-detail"]
    assert SECRET not in headers["rapport-detail"]
    assert (headers["rapport-origin"] or b"").startswith(f"{place.topic.name}/".encode())
    assert headers["rapport-consumer"] == place.service.encode()


async def test_each_dead_letter_has_one_line_in_the_log_that_names_its_record(
    place: Place, database: Database
) -> None:
    refused = Outgoing(confirmed())

    async def doubt(_: object) -> None:
        raise Invalid("this cannot be")

    await place.publish(Message(KEY, b"garbage " + SECRET, []), message(refused))
    with capture_logs() as lines:
        async with at_work(place, database, doubt):
            await put_aside(place, 2)
    said = [line for line in lines if line["event"] == "dead letter"]
    assert {f"{line['topic']}/{line['partition']}/{line['offset']}" for line in said} == {
        (dict(letter.headers)["rapport-origin"] or b"").decode()
        for letter in await place.dead_letters()
    }
    assert sorted(line["detail"] for line in said) == [NO_BINARY_EVENT, "this cannot be"]
    assert {line["log_level"] for line in said} == {"error"}
    assert SECRET.decode() not in str(lines)


async def test_what_is_larger_than_a_dead_letter_may_be_stays_at_its_origin(
    place: Place, database: Database
) -> None:
    after = Outgoing(confirmed())
    await publish_compressed(place, KEY, repetitive(3_000_000))
    await place.publish(message(after))
    async with at_work(place, database) as handler:

        async def moved_on() -> None:
            assert await handler.consumed() == [after.id]
            assert len(await place.dead_letters()) == 1

        await eventually(moved_on, every=0.3, within=30)
    ((listed, letter),) = await list_dead_letters(place.service, place.kafka)
    assert (letter.key, letter.value) == (None, None)
    assert listed.bytes > 3_000_000
    assert listed.origin.startswith(place.topic.name)


async def test_a_large_event_that_is_well_formed_is_no_poison(
    place: Place, database: Database
) -> None:
    personal = SubmittedPersonal(address="a@example.org", text="ß" * 99_000)
    event = ContactSubmitted(reference="r", channel=Channel.WEB, personal=personal)
    sent = message(event)
    await place.publish(sent)
    async with (
        RecordingHandler(database) as handler,
        running(Consumer(place.service, handler.subscription(place), database, place.kafka)),
    ):

        async def consumed() -> None:
            assert await handler.consumed() == [decode(record(sent)).id]

        await eventually(consumed, within=30)


async def test_a_service_that_fails_over_a_dead_letter_does_not_stop(
    place: Place, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise KeyError

    after = Outgoing(confirmed())
    await place.publish(poisoned(b"{"), message(after))
    async with RecordingHandler(database) as handler:
        monkeypatch.setattr(handler, "on_dead_letter", fails)
        async with running(
            Consumer(place.service, handler.subscription(place), database, place.kafka)
        ):

            async def moved_on() -> None:
                assert await handler.consumed() == [after.id]

            await eventually(moved_on, within=30)
    async with database.connection() as connection:
        assert await connection.fetchval("select count(*) from outbox") == 1


async def test_dead_letters_are_listed_in_pages_the_newest_first(
    place: Place, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    await place.publish(*(poisoned(b"{") for _ in range(5)))
    async with at_work(place, database):
        await put_aside(place, 5)
    pages, before = list[list[int]](), list[str]()
    for _ in range(3):
        capsys.readouterr()
        assert await command(place, "list", "--json", "--limit", "2", *before) == 0
        lines = capsys.readouterr().out.splitlines()
        pages.append([json.loads(line)["offset"] for line in lines])
        before = ["--before", str(pages[-1][0])]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(offset for page in pages for offset in page) == [*pages[2], *pages[1], *pages[0]]


async def test_where_there_are_no_dead_letters_the_command_says_so(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    for argv, status in (
        (["list"], 0),
        (["replay", "--all"], 0),
        (["replay", "--offset", "7"], 1),
    ):
        assert await command(place, *argv) == status
        assert capsys.readouterr().out == "No dead letters.\n"


async def test_an_empty_list_for_a_program_is_empty_and_a_person_reads_of_it_beside(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await command(place, "list", "--json") == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "No dead letters.\n")


@asynccontextmanager
async def at_work(
    place: Place, database: Database, doubt: Doubt | None = None
) -> AsyncIterator[RecordingHandler]:
    """A recording handler, with a consumer and a relay at work around it."""
    async with (
        RecordingHandler(database, doubt) as handler,
        running(
            Consumer(place.service, handler.subscription(place), database, place.kafka),
            Relay(database, place.kafka),
        ),
    ):
        yield handler


async def put_aside(place: Place, times: int = 1) -> None:
    """Returns when there are so many dead letters."""

    async def there() -> None:
        assert len(await place.dead_letters()) == times

    await eventually(there, every=0.3, within=30)


def repetitive(size: int) -> bytes:
    """Bytes that repeat far apart: small for zstd, which looks far back, and not for lz4."""
    return (randbytes(100_000) * (size // 100_000 + 1))[:size]


async def publish_compressed(place: Place, key: bytes | None, value: bytes) -> None:
    """As a publisher with another compression and other limits than ours does."""
    producer = AIOKafkaProducer(
        bootstrap_servers=place.kafka.bootstrap,
        compression_type="zstd",
        max_request_size=8_388_608,
    )
    async with producer:
        await producer.send_and_wait(place.topic.name, value, key)


@dataclass
class Both:
    """Settings with no database behind them: nothing here asks it."""

    kafka: KafkaSettings
    database: DatabaseSettings = field(
        default_factory=lambda: DatabaseSettings(dsn=SecretStr("postgresql://nowhere"))
    )


async def command(place: Place, *argv: str) -> int:
    options = asked(place.service, ["dead-letters", *argv])
    return await dead_letters_command(place.service, Both(place.kafka), options)
