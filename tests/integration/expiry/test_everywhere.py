"""A contact's end: intake's job deletes it and says so, and then no service has anything of it."""

from datetime import timedelta
from uuid import UUID

from services.intake.entrypoints.jobs import delete_expired_contacts
from shared.contracts.cloudevents import Incoming
from shared.contracts.event import Event, topic_of
from shared.contracts.intake import ContactExpired
from shared.contracts.topics import ASSIGNMENTS, CONTACTS, CUSTOMERS
from shared.database.database import Database
from shared.jobs.retention import delete_expired
from shared.messaging.retention import expired_contact_retention
from shared.settings import RetentionSettings
from tests.conftest import OpenDatabase
from tests.integration.followup.following import FollowUp
from tests.integration.intake.place import KEPT, Intake
from tests.integration.intake.test_expiry import over
from tests.integration.routing.world import World
from tests.support.clock import FakeClock
from tests.unit.intake.builders import an_arrival

NAMING = """
select table_name from information_schema.columns
where column_name = 'contact_id' and table_schema = 'public' and table_name <> 'expired_contact'
"""
FORGOTTEN = expired_contact_retention(RetentionSettings())


async def where(database: Database, contact_id: UUID) -> set[str]:
    """The tables that name the contact, without those that say that it is gone."""
    async with database.connection() as tx:
        tables = [row[0] for row in await tx.fetch(NAMING)]
        return {
            table
            for table in tables
            if await tx.fetchval(f"select count(*) from {table} where contact_id = $1", contact_id)
        }


async def has(database: Database, table: str, column: str, contact_id: UUID) -> bool:
    statement = f"select exists (select from {table} where {column}::text = $1)"
    async with database.connection() as tx:
        found: bool = await tx.fetchval(statement, str(contact_id))
        return found


def of(events: list[Incoming[Event]], *topics: object) -> list[Incoming[Event]]:
    return [event for event in events if topic_of(event.data) in topics]


async def test_it_is_deleted_in_all_services_and_none_of_them_begins_to_count_anew(
    open_database: OpenDatabase, clock: FakeClock
) -> None:
    intake = Intake(await open_database("intake"), clock)
    routing = World(await open_database("routing"), clock)
    follow_up = FollowUp(await open_database("followup"), clock)
    await routing.queue()
    await routing.agent()
    receipt = await intake.stored(an_arrival(received_at=clock.now()))
    contact_id = receipt.contact_id
    said = await intake.said()
    await routing.consume(*(event.data for event in of(said, CONTACTS, CUSTOMERS)))
    await routing.dispatch()
    await routing.accept("ann", (await routing.offer_of(contact_id))["offer_id"])
    await routing.resolve("ann", contact_id)
    await routing.end_wrap_up("ann", contact_id)
    await follow_up.consume(
        *of(said, CONTACTS, CUSTOMERS), *of(await routing.outbox(), ASSIGNMENTS)
    )
    databases = [intake.database, routing.database, follow_up.database]
    assert all([await where(each, contact_id) for each in databases])

    await over(intake)
    clock.advance(KEPT.total_seconds())
    await delete_expired_contacts(intake.jobs(batch=1))
    [last] = [event for event in await intake.said() if isinstance(event.data, ContactExpired)]
    await routing.consume(last.data)
    await follow_up.consume(last)
    assert [await where(each, contact_id) for each in databases] == [set(), set(), set()]

    for database in databases:
        await goes_with_its_counter(database, contact_id)


async def goes_with_its_counter(database: Database, contact_id: UUID) -> None:
    """The id and the counter of `seq` stay until its events are published and no topic has any left."""
    async with database.connection() as tx:
        written = await tx.fetchval("select max(created_at) from outbox")
    late = written + timedelta(days=RetentionSettings().inbox_days, hours=1)
    for is_published, stays in ((False, True), (True, False)):
        if is_published:
            async with database.connection() as tx:
                await tx.execute("delete from outbox")
        await delete_expired(database, late, FORGOTTEN)
        assert await has(database, "expired_contact", "contact_id", contact_id) == stays
        assert await has(database, "stream", "subject", contact_id) == stays
