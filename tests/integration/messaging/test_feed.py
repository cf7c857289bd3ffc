"""Whoever keeps state in memory hears of every change of it, or hears that it has to begin again."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from shared.contracts.cloudevents import Outgoing
from shared.database.database import Database
from shared.jobs.retention import delete_expired
from shared.messaging.outbox.append import append
from shared.messaging.outbox.cluster import REMEMBER
from shared.messaging.outbox.cursor import BEGIN
from shared.messaging.outbox.feed import Changed, Forgotten, begin_feed
from shared.messaging.retention import messaging_retention
from shared.settings import RetentionSettings
from tests.support.clock import FakeClock
from tests.support.kafka import SOURCE, confirmed

DEAD_LETTER = "insert into outbox (event_id, topic, key, headers, value) values ($1, 'rapport.dead', '\\xff', '', '')"
# As the relay does when everything is published.
PUBLISHED = """
update relay_cursor set xid = last.xid, position = last.position
from (select xid, position from outbox order by xid desc, position desc limit 1) as last
"""


def about(contact_id: UUID) -> Changed:
    return Changed("rapport.followups", str(contact_id))


async def change(database: Database, *contacts: UUID) -> None:
    async with database.transaction() as tx:
        await append(tx, SOURCE, [Outgoing(confirmed(contact)) for contact in contacts])


async def publish_and_delete(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(BEGIN)
        await tx.execute(REMEMBER)
        await tx.execute(PUBLISHED)
    later = FakeClock().now() + timedelta(days=3650)
    await delete_expired(database, later, messaging_retention(RetentionSettings()))


async def test_what_changed_is_named_once_and_in_order_and_then_nothing(database: Database) -> None:
    one, other = uuid4(), uuid4()
    await change(database, one)
    feed = await begin_feed(database)
    await change(database, other, one)
    await change(database, other)
    assert await feed.read() == [about(other), about(one)]
    assert await feed.read() == []


async def test_what_commits_while_the_state_is_loaded_is_named(database: Database) -> None:
    contact = uuid4()
    async with database.transaction() as tx:
        await append(tx, SOURCE, [Outgoing(confirmed(contact))])
        feed = await begin_feed(database)
        assert await feed.read() == []
    assert await feed.read() == [about(contact)]


async def test_what_commits_late_is_not_passed_over(database: Database) -> None:
    late, early = uuid4(), uuid4()
    feed = await begin_feed(database)
    async with database.transaction() as tx:
        await append(tx, SOURCE, [Outgoing(confirmed(late))])
        await change(database, early)
        assert await feed.read() == []
    assert await feed.read() == [about(late), about(early)]


async def test_many_changes_are_read_in_parts(database: Database) -> None:
    contacts = [uuid4() for _ in range(5)]
    feed = await begin_feed(database)
    await change(database, *contacts)
    parts = [await feed.read(max_rows=2) for _ in range(4)]
    assert parts == [
        [about(each) for each in part] for part in (contacts[:2], contacts[2:4], contacts[4:], [])
    ]


async def test_a_dead_letter_is_no_change(database: Database) -> None:
    feed = await begin_feed(database)
    async with database.transaction() as tx:
        await tx.execute(DEAD_LETTER, uuid4())
    assert await feed.read() == []


async def test_who_has_read_everything_does_not_mind_that_it_is_deleted(database: Database) -> None:
    contact = uuid4()
    feed = await begin_feed(database)
    await change(database, contact)
    assert await feed.read() == [about(contact)]
    await publish_and_delete(database)
    await change(database, contact)
    assert await feed.read() == [about(contact)]


async def test_who_was_away_until_changes_were_deleted_has_to_begin_again(
    database: Database,
) -> None:
    feed = await begin_feed(database)
    await change(database, uuid4())
    await publish_and_delete(database)
    with pytest.raises(Forgotten):
        await feed.read()
    await change(database, uuid4())
    with pytest.raises(Forgotten):
        await feed.read()
    again = await begin_feed(database)
    assert await again.read() == []
