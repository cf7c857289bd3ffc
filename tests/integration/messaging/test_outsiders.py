"""A topic of outsiders: what they get wrong is put aside as such, and is nobody's dead letter."""

from collections.abc import Sequence
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event
from shared.contracts.followup import ResolutionRefuted
from shared.database.database import Database
from shared.kernel.errors import Invalid
from shared.messaging.consumer.aside_log import MAX_LINES
from shared.messaging.consumer.consumer import Consumer
from shared.messaging.dead_letters.limit import DeadLetterLimit
from shared.messaging.kafka import Message
from tests.support.eventually import eventually
from tests.support.kafka import AT, Place, confirmed, message, running
from tests.support.recording import RecordingHandler

LIMIT = 20


def torn(count: int) -> list[Message]:
    return [message(confirmed())._replace(value=b"{") for _ in range(count)]


def consumer(place: Place, handler: RecordingHandler, database: Database) -> Consumer:
    return Consumer(
        place.service,
        handler.subscription_for_outsiders(place),
        database,
        place.kafka,
        limit=DeadLetterLimit(max_count=LIMIT),
    )


async def consumed_only(handler: RecordingHandler, *events: Outgoing) -> None:
    assert sorted(await handler.consumed()) == sorted(each.id for each in events)


async def dead_letters(database: Database) -> int:
    async with database.connection() as connection:
        return int(await connection.fetchval("select count(*) from outbox"))


async def test_what_cannot_be_read_passes_no_limit(place: Place, database: Database) -> None:
    after = Outgoing(confirmed())
    await place.publish(*torn(5 * LIMIT), message(after))
    async with RecordingHandler(database) as handler, running(consumer(place, handler, database)):

        async def all_put_aside() -> None:
            await consumed_only(handler, after)
            assert len(handler.quarantined) == 5 * LIMIT

        await eventually(all_put_aside, within=30)
    assert len({letter.origin for letter in handler.quarantined}) == 5 * LIMIT
    assert await dead_letters(database) == 0
    assert handler.letters == []


async def test_a_flood_of_what_cannot_be_read_is_a_few_lines_in_the_log(
    place: Place, database: Database
) -> None:
    after = Outgoing(confirmed())
    await place.publish(*torn(5 * LIMIT), message(after))
    with capture_logs() as lines:
        async with (
            RecordingHandler(database) as handler,
            running(consumer(place, handler, database)),
        ):
            await eventually(lambda: consumed_only(handler, after), within=30)
            await eventually(lambda: len(handler.quarantined) == 5 * LIMIT, within=30)
    said = [line for line in lines if line["event"] == "quarantined"]
    assert len(said) == len({(line["partition"], line["offset"]) for line in said}) == MAX_LINES
    assert {(line["topic"], line["reason"]) for line in said} == {(place.topic.name, "invalid")}
    assert [line["event"] for line in lines].count("more is quarantined than has a line") == 1


async def test_what_is_refused_or_belongs_elsewhere_is_their_mistake_and_what_breaks_is_ours(
    place: Place, database: Database
) -> None:
    refused, broken, good = (Outgoing(confirmed()) for _ in range(3))
    elsewhere = ResolutionRefuted(
        contact_id=uuid4(), resolution_id=uuid4(), agent_id="agent-1", settled_at=AT
    )

    async def doubt(events: Sequence[Incoming[Event]]) -> None:
        ids = {event.id for event in events}
        if broken.id in ids:
            raise KeyError
        if refused.id in ids:
            raise Invalid("this cannot be")

    await place.publish(*map(message, (refused, broken, Outgoing(elsewhere), good)))
    async with (
        RecordingHandler(database, doubt) as handler,
        running(consumer(place, handler, database)),
    ):

        async def sorted_out() -> None:
            await consumed_only(handler, good)
            assert sorted(letter.reason for letter in handler.quarantined) == [
                "invalid",
                "wrong topic",
            ]
            assert [letter.reason for letter in handler.letters] == ["unknown"]

        await eventually(sorted_out, within=30)
    assert await dead_letters(database) == 1


async def test_a_quarantine_that_fails_makes_dead_letters_of_them(
    place: Place, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise KeyError

    after = Outgoing(confirmed())
    await place.publish(*torn(2), message(after))
    async with RecordingHandler(database) as handler:
        monkeypatch.setattr(handler, "quarantine", fails)
        async with running(consumer(place, handler, database)):

            async def moved_on() -> None:
                await consumed_only(handler, after)
                assert await dead_letters(database) == 2

            await eventually(moved_on, within=30)
