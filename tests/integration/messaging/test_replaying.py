"""Replaying: a record goes back where it came from, once, and for the service that asked."""

import dataclasses
import json

import msgspec
import pytest
from prometheus_client import REGISTRY

from shared.contracts.cloudevents import Outgoing
from shared.contracts.record import REPLAY_FOR
from shared.contracts.topics import BY_NAME, dead_letters_of
from shared.database.database import Database
from shared.messaging.consumer.consumer import Consumer
from shared.messaging.dead_letters.listed import Listed, list_dead_letters
from shared.messaging.dead_letters.replay import replay
from shared.messaging.kafka import read_all
from shared.messaging.outbox.relay import Relay
from shared.messaging.outbox.republish import republish
from tests.conftest import OpenDatabase
from tests.integration.messaging.test_poison import (
    KEY,
    SECRET,
    at_work,
    command,
    poisoned,
    publish_compressed,
    put_aside,
    repetitive,
)
from tests.support.eventually import eventually
from tests.support.kafka import AT, Place, a_place, confirmed, message, running
from tests.support.recording import RecordingHandler


async def listed(place: Place) -> list[Listed]:
    return [letter.listed for letter in await list_dead_letters(place.service, place.kafka)]


async def test_a_dead_letter_can_be_replayed_when_its_cause_is_gone(
    place: Place, database: Database
) -> None:
    sent, broken = Outgoing(confirmed()), True

    async def doubt(_: object) -> None:
        if broken:
            raise KeyError

    await place.publish(message(sent))
    async with at_work(place, database, doubt) as handler:
        await put_aside(place)
        broken = False
        [letter] = await list_dead_letters(place.service, place.kafka)
        assert (letter.listed.reason, letter.listed.replays) == ("unknown", 0)
        assert await replay(place.service, place.kafka, [letter]) == 1

        async def consumed() -> None:
            assert await handler.consumed() == [sent.id]

        await eventually(consumed, within=30)
    [letter] = await list_dead_letters(place.service, place.kafka)
    assert (letter.listed.waits, letter.listed.replays) == (False, 1)


async def test_each_replay_of_all_puts_back_what_failed_last_and_no_ancestor_of_it(
    place: Place, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    await place.publish(poisoned(b"{"), poisoned(b"["))
    async with at_work(place, database):
        for letters in (2, 4, 6):
            await put_aside(place, letters)
            assert await command(place, "replay", "--all") == 0
            before = f"; {letters - 2} replayed before and left out (--again takes them, too)"
            output = capsys.readouterr().out.splitlines()[-1]
            assert output == "2 replayed" + before * (letters > 2)
        await put_aside(place, 8)
    of_each = [(each.replays, each.waits) for each in await listed(place)]
    assert sorted(of_each) == sorted(
        [(1, False), (2, False), (3, False), (3, True)] * 2,
    )


async def test_what_was_replayed_is_replayed_again_only_if_that_is_asked_for(
    place: Place, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    await place.publish(poisoned(b"{"))
    async with at_work(place, database):
        await put_aside(place)
    offset = str((await listed(place))[0].offset)
    capsys.readouterr()
    for argv, said in (
        (["--offset", offset], "1 replayed"),
        (
            ["--offset", offset],
            "0 replayed; 1 replayed before and left out (--again takes them, too)",
        ),
        (["--reason", "invalid", "--again"], "1 replayed"),
    ):
        assert await command(place, "replay", *argv) == 0
        assert capsys.readouterr().out == f"{said}\n"
    assert [each.replays for each in await listed(place)] == [2]
    assert len(await read_all(place.kafka, place.topic.name)) == 3


async def test_a_replay_is_for_the_service_that_asks_and_another_one_passes_over_it(
    place: Place, database: Database, open_database: OpenDatabase
) -> None:
    neighbour = dataclasses.replace(await a_place(place.kafka), topic=place.topic)
    sent = poisoned(b"{")
    await place.publish(sent)
    async with (
        at_work(place, database),
        at_work(neighbour, await open_database("messaging")) as handler,
    ):
        await put_aside(place)
        await put_aside(neighbour)
        assert await command(place, "replay", "--all") == 0
        await put_aside(place, 2)
        after = Outgoing(confirmed())
        await place.publish(message(after)._replace(key=KEY))  # behind the replay

        async def caught_up() -> None:
            assert await handler.consumed() == [after.id]

        await eventually(caught_up, within=30)
    assert len(await neighbour.dead_letters()) == 1
    passed = {"topic": place.topic.name, "outcome": "for_another"}
    assert REGISTRY.get_sample_value("rapport_consumer_records_total", passed) == 1


async def test_outsiders_cannot_have_their_records_passed_over(
    place: Place, database: Database
) -> None:
    sent = message(confirmed())
    forged = sent._replace(headers=[*sent.headers, (REPLAY_FOR, b"nobody")])
    await place.publish(forged)
    async with RecordingHandler(database) as handler:
        subscription = handler.subscription_for_outsiders(place)
        async with running(Consumer(place.service, subscription, database, place.kafka)):

            async def consumed() -> None:
                assert len(await handler.consumed()) == 1

            await eventually(consumed, within=30)


async def test_on_a_compacted_topic_a_replay_is_for_everybody(
    place: Place, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be the only record of its key that stays, and whoever begins anew needs that."""
    compacted = msgspec.structs.replace(place.topic, retention_hours=None)
    monkeypatch.setitem(BY_NAME, place.topic.name, compacted)
    await place.publish(poisoned(b"{"))
    async with at_work(place, database):
        await put_aside(place)
    assert await command(place, "replay", "--all") == 0
    _, again = await read_all(place.kafka, place.topic.name)
    assert dict(again.headers)["rapport-replays"] == b"1"
    assert REPLAY_FOR not in dict(again.headers)


async def test_a_letter_that_is_published_twice_is_one(
    place: Place, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    await place.publish(poisoned(b"{"))
    async with at_work(place, database):
        await put_aside(place)
    await republish(database, AT.replace(year=2020))
    async with running(Relay(database, place.kafka)):
        await put_aside(place, 2)
    assert len(await listed(place)) == 1
    capsys.readouterr()
    assert await command(place, "replay", "--all") == 0
    assert capsys.readouterr().out == "1 replayed\n"


async def test_who_writes_the_header_of_a_note_hides_no_letter(
    place: Place, database: Database
) -> None:
    broken = poisoned(b"{")
    origins = [f"{place.topic.name}/{partition}/0".encode() for partition in range(2)]
    forged = [*broken.headers, *(("rapport-replay-of", origin) for origin in origins)]
    await place.publish(broken._replace(headers=forged))
    async with at_work(place, database):
        await put_aside(place)
    assert [(each.waits, each.replays) for each in await listed(place)] == [(True, 0)]


async def test_the_command_lists_and_replays_and_shows_nothing_personal(
    place: Place, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    await place.publish(poisoned(b"{" + SECRET))
    async with at_work(place, database):
        await put_aside(place)
    assert await command(place, "list") == 0
    output = capsys.readouterr().out
    assert "  waits     replays 0  invalid  " in output
    assert place.topic.name in output
    assert SECRET.decode() not in output
    assert await command(place, "list", "--json", "--show") == 0
    shown = json.loads(capsys.readouterr().out)
    assert SECRET.decode() in shown["value"]
    assert await command(place, "replay", "--reason", "unknown-reason") == 1
    assert capsys.readouterr().out == "No such dead letters.\n"
    assert await command(place, "replay", "--offset", str(shown["offset"])) == 0
    assert capsys.readouterr().out == "1 replayed\n"
    assert await command(place, "list") == 0
    assert "  replayed  replays 1  invalid  " in capsys.readouterr().out


async def test_what_stayed_at_its_origin_is_not_replayed(
    place: Place, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    await publish_compressed(place, KEY, repetitive(3_000_000))
    async with at_work(place, database):
        await put_aside(place)
    capsys.readouterr()
    for _ in range(2):
        assert await command(place, "replay", "--all") == 0
        assert capsys.readouterr().out == "0 replayed; 1 too large, at their origin alone\n"
    notes_and_letters = await read_all(place.kafka, dead_letters_of(place.service).name)
    assert len(notes_and_letters) == 1
