"""The consumer on a real broker: each event has its effect once, whatever is in the way."""

from collections.abc import Sequence
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event
from shared.contracts.followup import ResolutionRefuted
from shared.database.database import Database
from shared.kernel.errors import Denied, Invalid, Missing, Overloaded, Unavailable
from shared.messaging.consumer import consumer as consuming
from shared.messaging.consumer.consumer import Consumer
from shared.messaging.reader import Reader
from tests.support.eventually import eventually
from tests.support.kafka import AT, Place, confirmed, message, running
from tests.support.recording import RecordingHandler


def consumer(place: Place, handler: RecordingHandler, database: Database) -> Consumer:
    return Consumer(place.service, handler.subscription(place), database, place.kafka)


def reasons(handler: RecordingHandler) -> list[tuple[str, str]]:
    return [(letter.reason, letter.detail) for letter in handler.letters]


async def test_every_event_has_its_effect_in_order(place: Place, database: Database) -> None:
    contact = uuid4()
    sent = [Outgoing(confirmed(contact)) for _ in range(2_500)]
    await place.publish(*map(message, sent))
    async with RecordingHandler(database) as handler, running(consumer(place, handler, database)):

        async def all_consumed() -> None:
            assert await handler.consumed() == [each.id for each in sent]

        await eventually(all_consumed, within=30)
    assert max(handler.batches) <= place.kafka.max_records
    assert len(handler.batches) < 50


async def test_duplicates_have_one_effect(place: Place, database: Database) -> None:
    sent = [Outgoing(confirmed()) for _ in range(10)]
    await place.publish(*map(message, [*sent, *sent[:5]]), *map(message, sent))
    async with RecordingHandler(database) as handler, running(consumer(place, handler, database)):
        last = Outgoing(confirmed())
        await place.publish(message(last))

        async def all_consumed() -> None:
            assert sorted(await handler.consumed()) == sorted(
                [*(each.id for each in sent), last.id]
            )

        await eventually(all_consumed, within=30)


async def test_types_that_are_not_wanted_are_passed_over(place: Place, database: Database) -> None:
    unwanted = ResolutionRefuted(
        contact_id=uuid4(), resolution_id=uuid4(), agent_id="agent-1", settled_at=AT
    )
    wanted = Outgoing(confirmed())
    await place.publish(message(unwanted), message(wanted))
    async with RecordingHandler(database) as handler, running(consumer(place, handler, database)):

        async def consumed() -> None:
            assert await handler.consumed() == [wanted.id]

        await eventually(consumed, within=30)
    assert await place.dead_letters() == []


async def test_who_dies_between_commit_and_offset_has_had_one_effect(
    place: Place, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: Reader) -> bool:
        return False

    sent = [Outgoing(confirmed()) for _ in range(20)]
    await place.publish(*map(message, sent))
    async with RecordingHandler(database) as handler:

        async def all_consumed() -> None:
            assert sorted(await handler.consumed()) == sorted(each.id for each in sent)

        with monkeypatch.context() as patch:
            patch.setattr(Reader, "commit", never)
            async with running(consumer(place, handler, database)):
                await eventually(all_consumed, within=30)
        first = len(handler.batches)
        async with running(consumer(place, handler, database)):
            last = Outgoing(confirmed())
            sent.append(last)
            await place.publish(message(last))
            await eventually(all_consumed, within=30)
        assert sum(handler.batches[first:]) == 1


async def test_offsets_are_committed_so_that_a_successor_reads_no_more_than_it_must(
    place: Place, database: Database
) -> None:
    sent = [Outgoing(confirmed()) for _ in range(20)]
    await place.publish(*map(message, sent))
    async with RecordingHandler(database) as handler:
        async with running(consumer(place, handler, database)):

            async def all_consumed() -> None:
                assert len(await handler.consumed()) == 20

            await eventually(all_consumed, within=30)
        async with Reader(place.kafka, f"rapport.{place.service}", [place.topic.name]) as reader:
            assert await reader.poll() == await reader.poll() == []


async def test_who_joins_later_is_handed_nothing_that_is_done(
    place: Place, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consuming, "COMMIT_EVERY_SECONDS", 3_600.0)
    sent = [Outgoing(confirmed()) for _ in range(40)]
    await place.publish(*map(message, sent))
    one_member = place.kafka.model_copy(update={"group_members": 1})
    async with (
        RecordingHandler(database) as handler,
        running(Consumer(place.service, handler.subscription(place), database, one_member)),
    ):

        async def consumed() -> None:
            assert len(await handler.consumed()) == 40

        await eventually(consumed, within=30)
        async with Reader(place.kafka, f"rapport.{place.service}", [place.topic.name]) as other:
            await eventually(lambda: bool(other._client.assignment()), within=30)
            assert await other.poll() == await other.poll() == []


async def test_one_bad_event_does_not_hold_up_the_others(place: Place, database: Database) -> None:
    sent = [Outgoing(confirmed()) for _ in range(30)]
    bad = sent[13].id

    async def doubt(events: Sequence[Incoming[Event]]) -> None:
        if any(event.id == bad for event in events):
            raise Invalid("this one is impossible")

    await place.publish(*map(message, sent))
    async with (
        RecordingHandler(database, doubt) as handler,
        running(consumer(place, handler, database)),
    ):

        async def all_others() -> None:
            assert sorted(await handler.consumed()) == sorted(e.id for e in sent if e.id != bad)
            assert reasons(handler) == [("invalid", "this one is impossible")]

        await eventually(all_others, within=30)


@pytest.mark.parametrize(
    ("failure", "level", "with_stack"),
    [
        (Invalid("it cannot be"), "info", False),
        (Denied("they may not"), "info", False),
        (Missing("it is not here"), "warning", True),
        (KeyError("ours"), "warning", True),
    ],
)
async def test_our_own_mistakes_alone_are_logged_as_a_warning_with_their_stack(
    place: Place, database: Database, failure: Exception, level: str, with_stack: bool
) -> None:
    async def doubt(_: Sequence[Incoming[Event]]) -> None:
        raise failure

    await place.publish(message(confirmed()))
    with capture_logs() as lines:
        async with (
            RecordingHandler(database, doubt) as handler,
            running(consumer(place, handler, database)),
        ):
            await eventually(lambda: len(handler.letters) == 1, within=30)
    [said] = [line for line in lines if line["event"].startswith("batch rolled back")]
    assert (said["log_level"], "exc_info" in said) == (level, with_stack)
    assert with_stack or said["detail"] == str(failure)


async def test_an_unknown_failure_is_tried_three_times(place: Place, database: Database) -> None:
    tries: list[int] = []

    async def doubt(events: Sequence[Incoming[Event]]) -> None:
        tries.append(len(events))
        raise KeyError("ada@example.org")

    await place.publish(message(confirmed()))
    async with (
        RecordingHandler(database, doubt) as handler,
        running(consumer(place, handler, database)),
    ):

        async def put_aside() -> None:
            assert reasons(handler) == [("unknown", "KeyError")]

        await eventually(put_aside, within=30)
    assert len(tries) == 1 + 3


@pytest.mark.parametrize("failure", [Unavailable("gone"), Overloaded("full")])
async def test_a_passing_failure_is_waited_out(
    place: Place, database: Database, failure: Exception
) -> None:
    left = [failure] * 8

    async def doubt(_: Sequence[Incoming[Event]]) -> None:
        if left:
            raise left.pop()

    sent = [Outgoing(confirmed()) for _ in range(5)]
    await place.publish(*map(message, sent))
    async with RecordingHandler(database, doubt) as handler:
        eager = consumer(place, handler, database)
        async with running(eager):

            async def is_unready() -> bool:
                try:
                    await eager.check()
                except Unavailable:
                    return True
                return False

            async def all_consumed() -> None:
                assert sorted(await handler.consumed()) == sorted(each.id for each in sent)
                assert not await is_unready()

            await eventually(is_unready, within=30)
            await eventually(all_consumed, within=30)
        assert handler.letters == []


async def test_a_handler_that_waits_for_ever_does_not_keep_us_from_stopping(
    place: Place, database: Database
) -> None:
    async def doubt(_: Sequence[Incoming[Event]]) -> None:
        raise Unavailable("gone for good")

    await place.publish(message(confirmed()))
    async with (
        RecordingHandler(database, doubt) as handler,
        running(consumer(place, handler, database)),
    ):
        await eventually(lambda: len(handler.batches) > 2, within=30)
    assert await handler.consumed() == []
