"""The inbox as its publishers see it: each record that they sent is counted, and counted once."""

from collections.abc import Sequence

import msgspec
import pytest

from services.intake.entrypoints.consumer import subscriptions
from shared.contracts.topics import INTAKE
from shared.messaging.batch import Processor
from shared.messaging.limit import DeadLetterLimit
from tests.integration.intake.place import Intake
from tests.support.records import FakeRecord

ONE_BATCH, ONE_BY_ONE = "in one batch", "one by one"
BREAK = """
create function fail() returns trigger language plpgsql as $$
begin raise exception 'not now'; end $$;
create trigger fail before insert on message for each row execute function fail()
"""
MEND = "drop trigger fail on message; drop function fail()"


def submitted(
    offset: int, *, event: str = "e-1", channel: str = "web", replays: int | None = None
) -> FakeRecord:
    """A contact as another system publishes it."""
    personal = {"address": f"{event}@example.org", "text": "Where is it?"}
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
    (inbox,) = (each for each in subscriptions(intake.hearing) if each.name == "inbox")
    return Processor(INTAKE, inbox, intake.database, intake.clock, DeadLetterLimit())


async def process(intake: Intake, records: Sequence[FakeRecord], how: str = ONE_BATCH) -> None:
    batches = [records] if how == ONE_BATCH else [[each] for each in records]
    for batch in batches:
        await inbox_of(intake).take(batch)


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
