"""A record that the Kafka client cannot decode: put aside, with its neighbours all processed."""

from collections.abc import Sequence

import pytest

from shared.contracts.cloudevents import Outgoing
from shared.database.database import Database
from shared.kernel.errors import Unavailable
from shared.messaging.consumer.consumer import Consumer
from shared.messaging.dead_letters.letter import DeadLetter
from shared.messaging.kafka import Message
from shared.messaging.outbox.relay import Relay
from tests.support.eventually import eventually
from tests.support.garbled import GARBLED, garbled, publish_batch
from tests.support.kafka import Place, confirmed, message, running
from tests.support.recording import RecordingHandler

READABLE = GARBLED.decode(errors="replace")
GOOD = [Outgoing(confirmed()) for _ in range(6)]
BAD = message(Outgoing(confirmed()))


def before_and_after(count: int) -> list[Message]:
    """So many good ones, one that is not, and the rest of the good ones."""
    good = [*map(message, GOOD)]
    return [*good[:count], garbled(BAD), *good[count:]]


async def all_good(handler: RecordingHandler) -> None:
    assert sorted(await handler.consumed()) == sorted(each.id for each in GOOD)


def is_kept(letters: Sequence[DeadLetter], offset: int) -> None:
    """One letter, with all there is of the record, and the name as far as it can be read."""
    [letter] = letters
    assert (letter.reason, letter.detail) == ("unreadable", "a header's name is not UTF-8")
    assert (letter.origin.partition, letter.origin.offset) == (0, offset)
    assert (letter.key, letter.value) == (BAD.key, BAD.value)
    assert (*BAD.headers, (READABLE, b"")) == tuple(letter.headers)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "compressed"])
@pytest.mark.parametrize("before", [0, 3, 6])
async def test_on_a_topic_of_ours_it_becomes_a_dead_letter(
    place: Place, database: Database, before: int, packed: bool
) -> None:
    messages = before_and_after(before)
    await publish_batch(place.kafka, place.topic.name, *messages, packed=packed)
    async with RecordingHandler(database) as handler:
        reading = Consumer(place.service, handler.subscription(place), database, place.kafka)
        async with running(reading, Relay(database, place.kafka)):

            async def put_aside() -> None:
                await all_good(handler)
                assert len(await place.dead_letters()) == 1

            await eventually(put_aside, within=30)
        is_kept(handler.letters, offset=before)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "compressed"])
async def test_on_a_topic_of_outsiders_it_goes_to_quarantine(
    place: Place, database: Database, packed: bool
) -> None:
    await publish_batch(place.kafka, place.topic.name, *before_and_after(3), packed=packed)
    async with RecordingHandler(database) as handler:
        subscription = handler.subscription_for_outsiders(place)
        async with running(Consumer(place.service, subscription, database, place.kafka)):
            await eventually(lambda: all_good(handler), within=30)
            await eventually(lambda: len(handler.quarantined) == 1, within=30)
    is_kept(handler.quarantined, offset=3)
    assert handler.letters == []


async def test_between_other_batches_and_partitions_nothing_is_lost_or_read_twice(
    place: Place, database: Database
) -> None:
    topic = place.topic.name
    good = [*map(message, GOOD)]
    for partition, messages in (
        (0, good[:1]),
        (1, good[1:2]),
        (0, [garbled(BAD)]),
        (0, good[2:4]),
        (1, good[4:6]),
    ):
        await publish_batch(place.kafka, topic, *messages, partition=partition)
    one_member = place.kafka.model_copy(update={"group_members": 1})
    async with RecordingHandler(database) as handler:
        reading = Consumer(place.service, handler.subscription(place), database, one_member)
        async with running(reading):
            await eventually(lambda: all_good(handler), within=30)
            await eventually(lambda: len(handler.letters) == 1, within=30)
            last = Outgoing(confirmed())
            await place.publish(message(last))

            async def goes_on() -> None:
                assert last.id in await handler.consumed()
                await passes(reading)

            await eventually(goes_on, within=30)
    is_kept(handler.letters, offset=1)
    assert sum(handler.batches) == len(GOOD) + 1


async def passes(consumer: Consumer) -> None:
    try:
        await consumer.check()
    except Unavailable as error:
        raise AssertionError(error.detail) from error
