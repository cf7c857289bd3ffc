"""The inbox as its publishers see it: each record that they sent is counted, and counted once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client import REGISTRY

from services.intake.domain.quarantine_room import Room
from shared.contracts.topics import INTAKE
from shared.messaging.consumer.processor import Processor
from shared.messaging.dead_letters.limit import DeadLetterLimit
from tests.integration.intake.desk import calling
from tests.integration.intake.place import Intake
from tests.support.kafka import confirmed, message
from tests.support.records import FakeRecord, record

ONE_BATCH, ONE_BY_ONE = "in one batch", "one by one"
BREAK = """
create function fail() returns trigger language plpgsql as $$
begin raise exception 'not now'; end $$;
create trigger fail before insert on message for each row execute function fail()
"""
MEND = "drop trigger fail on message; drop function fail()"


DEAD = "select count(*) from outbox where topic like '%dead-letters'"


def submitted(
    offset: int,
    *,
    event: str = "e-1",
    channel: str = "web",
    address: str = "",
    replays: int | None = None,
) -> FakeRecord:
    """A contact as another system publishes it."""
    personal = {"address": address or f"{event}@example.org", "text": "Where is it?"}
    value = msgspec.json.encode({"reference": "r", "channel": channel, "personal": personal})
    headers = [
        ("ce_id", event.encode()),
        ("ce_source", b"shop.example"),
        ("ce_specversion", b"1.0"),
        ("ce_type", b"rapport.contact.submitted.v1"),
        ("content-type", b"application/json"),
    ]
    if replays is not None:
        headers.append(("rapport-replays", b"%d" % replays))
    return FakeRecord(value, headers, offset=offset)


def inbox_of(intake: Intake) -> Processor:
    """What works on the inbox's records; each is as good as a worker of its own."""
    (inbox,) = (each for each in intake.subscriptions() if each.name == "inbox")
    return Processor(INTAKE, inbox, intake.database, intake.clock, DeadLetterLimit())


def torn(offset: int, value: bytes = b"{") -> FakeRecord:
    """What nobody can read."""
    return FakeRecord(value, submitted(offset).headers, offset=offset)


async def process(intake: Intake, records: Sequence[FakeRecord], how: str = ONE_BATCH) -> None:
    batches = [records] if how == ONE_BATCH else [[each] for each in records]
    for batch in batches:
        await inbox_of(intake).process(batch)


async def execute(intake: Intake, sql: str) -> None:
    async with intake.database.connection() as connection:
        await connection.execute(sql)


@pytest.mark.parametrize("how", [ONE_BATCH, ONE_BY_ONE])
async def test_an_event_that_is_sent_again_is_counted_as_a_duplicate(
    intake: Intake, how: str
) -> None:
    sent = [submitted(1), submitted(2), submitted(3, event="e-2", channel="api"), submitted(4)]
    await process(intake, sent, how)
    assert await intake.accounts() == {"web": (3, 1, 0, 2), "api": (1, 1, 0, 0)}


@pytest.mark.parametrize("how", [ONE_BATCH, ONE_BY_ONE])
async def test_a_record_that_the_broker_delivers_again_is_counted_once(
    intake: Intake, how: str
) -> None:
    sent = [submitted(1), submitted(2), submitted(3, event="e-2")]
    for _ in range(3):
        await process(intake, sent, how)
    assert await intake.accounts() == {"web": (3, 2, 0, 1)}


async def test_what_became_a_dead_letter_counts_once_when_it_is_replayed(intake: Intake) -> None:
    await execute(intake, BREAK)
    await process(intake, [submitted(1)])
    assert await intake.accounts() == {"web": (1, 0, 1, 0)}
    await process(intake, [submitted(2, replays=1)])
    assert await intake.accounts() == {"web": (1, 0, 1, 0)}
    await execute(intake, MEND)
    await process(intake, [submitted(3, replays=2)])
    assert await intake.accounts() == {"web": (1, 1, 0, 0)}
    await process(intake, [submitted(4, replays=2)])
    assert await intake.accounts() == {"web": (1, 1, 0, 0)}
    await process(intake, [submitted(5)])
    assert await intake.accounts() == {"web": (2, 1, 0, 1)}


async def test_two_records_of_one_event_that_both_failed_are_a_contact_and_a_duplicate(
    intake: Intake,
) -> None:
    await execute(intake, BREAK)
    await process(intake, [submitted(1), submitted(2)])
    assert await intake.accounts() == {"web": (2, 0, 2, 0)}
    await execute(intake, MEND)
    await process(intake, [submitted(3, replays=1), submitted(4, replays=1)])
    assert await intake.accounts() == {"web": (2, 1, 0, 1)}


async def test_who_only_says_that_it_is_a_replay_is_counted(intake: Intake) -> None:
    await process(intake, [submitted(1, replays=1), submitted(2, replays=1)])
    assert await intake.accounts() == {"web": (2, 1, 0, 1)}


@pytest.mark.parametrize("how", [ONE_BATCH, ONE_BY_ONE])
async def test_what_nobody_can_read_is_put_aside_alone_however_much_it_is(
    intake: Intake, how: str
) -> None:
    await process(intake, [*map(torn, range(130)), submitted(130)], how)
    assert await intake.accounts() == {"unknown": (130, 0, 130, 0), "web": (1, 1, 0, 0)}
    assert await intake.value("select count(*) from quarantine") == 130
    assert await intake.value(DEAD) == 0


async def test_an_address_that_cannot_be_is_its_publishers_mistake(intake: Intake) -> None:
    wrong = submitted(1, channel="sms", address="not a number")
    await process(intake, [wrong, submitted(2, event="e-2")])
    assert await intake.accounts() == {"sms": (1, 0, 1, 0), "web": (1, 1, 0, 0)}
    assert (await reasons(intake))[0].startswith("invalid: ")
    assert await intake.value(DEAD) == 0


async def test_an_event_with_fields_that_we_do_not_know_is_taken_and_a_zone_that_is_none_is_passed_over(
    intake: Intake,
) -> None:
    personal = {"address": "asha@example.org", "text": "Where is it?", "nickname": "A"}
    event = {"reference": "r", "channel": "web", "personal": personal, "colour": "blue"}
    value = msgspec.json.encode(event | {"language": "de", "time_zone": "Europe/Berlinn"})
    await process(intake, [FakeRecord(value, submitted(0).headers, offset=0)])
    assert await intake.accounts() == {"web": (1, 1, 0, 0)}
    assert await intake.value("select time_zone from contact") == "Europe/Berlin"


async def test_an_event_that_belongs_elsewhere_is_put_aside_as_on_the_wrong_topic(
    intake: Intake,
) -> None:
    await process(intake, [record(message(confirmed())), submitted(2)])
    assert await reasons(intake) == [
        "wrong topic: rapport.resolution.confirmed.v1 is not for rapport.inbox"
    ]
    assert await intake.accounts() == {"unknown": (1, 0, 1, 0), "web": (1, 1, 0, 0)}


async def test_what_we_fail_over_is_a_dead_letter_and_waits_in_quarantine(intake: Intake) -> None:
    await execute(intake, BREAK)
    await process(intake, [submitted(1)])
    assert await intake.accounts() == {"web": (1, 0, 1, 0)}
    assert await intake.value(DEAD) == 1


@pytest.mark.parametrize(
    "room", [Room(max_count=3, max_bytes=10**6), Room(max_count=100, max_bytes=1_900)]
)
async def test_beyond_its_bound_the_quarantine_counts_and_keeps_what_came_first(
    intake: Intake, tmp_path: Path, room: Room
) -> None:
    intake.room = room
    before = overflow_counted()
    sent = [torn(offset, b"{" + b"x" * 200) for offset in range(10)]
    await process(intake, sent[:6])
    await process(intake, sent, ONE_BY_ONE)
    kept = await intake.value("select count(*) from quarantine")
    assert 3 <= kept < 10
    assert await intake.value(
        "select max((envelope->'origin'->>'offset')::int) from quarantine"
    ) == (kept - 1)
    assert await intake.accounts() == {"unknown": (10, 0, 10, 0)}
    [left] = await overflow(intake, tmp_path)
    assert left["count"] == 10 - kept == overflow_counted() - before
    assert (left["topic"], left["partition"], left["reason"]) == ("rapport.inbox", 3, "invalid")
    assert (left["first_offset"], left["last_offset"]) == (kept, 9)


async def test_what_is_replayed_makes_room(intake: Intake) -> None:
    room = Room(max_count=1, max_bytes=10**6)
    intake.room = room
    await execute(intake, BREAK)
    await process(intake, [submitted(1)])
    await execute(intake, MEND)
    await process(intake, [torn(2)])
    await process(intake, [submitted(3, replays=1)])
    await process(intake, [torn(4)])
    waiting = (
        "select (envelope->'origin'->>'offset')::int from quarantine where replayed_at is null"
    )
    assert await intake.value(waiting) == 4
    assert await intake.accounts() == {"web": (1, 1, 0, 0), "unknown": (2, 0, 2, 0)}


async def reasons(intake: Intake) -> list[str]:
    return [row["reason"] for row in await intake.rows("select reason from quarantine")]


async def overflow(intake: Intake, folder: Path) -> list[dict[str, Any]]:
    """What an operator sees of it."""
    async with calling(intake, folder) as client:
        found: list[dict[str, Any]] = (await client.get("/v1/quarantine")).json()["overflow"]
    return found


def overflow_counted() -> float:
    return REGISTRY.get_sample_value("rapport_intake_quarantine_overflow_total") or 0.0
