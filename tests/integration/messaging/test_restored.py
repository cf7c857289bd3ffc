"""A database that was dumped and restored into another cluster: nothing is published blindly, and after `rebase`
everything is, in order."""

import asyncio
from argparse import Namespace
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from deploy.local.instance import Instance
from deploy.local.postgres import Postgres, program
from deploy.local.processes import run
from shared.contracts import topics
from shared.contracts.cloudevents import Outgoing
from shared.database.database import Database
from shared.kernel.errors import Conflict, Unavailable
from shared.messaging.outbox import rebase as rebasing
from shared.messaging.outbox.append import append
from shared.messaging.outbox.parking import park, unpark
from shared.messaging.outbox.rebase import rebase, rebase_command
from shared.messaging.outbox.relay import Relay
from shared.settings import DatabaseSettings, KafkaSettings
from tests.conftest import MakeDsn
from tests.support.database import open_at
from tests.support.eventually import eventually
from tests.support.kafka import SOURCE, confirmed, consumed_from, running
from tests.support.parts import a_home

SPEND_IDS = """
do $$ begin for each in 1..20000 loop perform pg_current_xact_id(); commit; end loop; end $$
"""
ANOTHER_CLUSTER = "update relay_cursor set cluster = cluster # 1"
BEYOND = """
select count(*) from outbox, relay_cursor as here where (outbox.xid, outbox.position) > (here.xid, here.position)
"""
PUBLISHED = "select coalesce(sum(cardinality(positions)), 0) from published"
ORDINARY = (
    "create role ordinary; set role ordinary; select system_identifier from pg_control_system()"
)


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Postgres]:
    """A second cluster, whose transaction ids are low."""
    with a_home("restored") as home:
        instance = Instance(home, fresh=True)
        server = Postgres(instance, durable=False)
        try:
            server.start()
            yield server
        finally:
            server.stop()
            instance.release()


@pytest.fixture
async def source(postgres_dsn: MakeDsn) -> str:
    """A database of a cluster that has given many transaction ids."""
    dsn = await postgres_dsn("messaging")
    psql(dsn, SPEND_IDS)
    return dsn


@pytest.fixture
async def opened() -> AsyncIterator[list[Database]]:
    databases: list[Database] = []
    yield databases
    for each in databases:
        await each.close()


def psql(dsn: str, statement: str) -> str:
    return run(
        [str(program("psql")), "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-c", statement], "psql"
    )


def restored(source: str, elsewhere: Postgres, folder: Path) -> str:
    """The address of what `pg_restore` makes in the other cluster of what `pg_dump` says."""
    dump, target = str(folder / "dump"), elsewhere.create_database(f"r{uuid4().hex[:12]}")
    run([str(program("pg_dump")), "-Fc", "-d", source, "-f", dump], "pg_dump")
    run([str(program("pg_restore")), "--exit-on-error", "-d", target, dump], "pg_restore")
    return target


async def speak(database: Database, *contacts: UUID) -> None:
    async with database.transaction() as tx:
        await append(tx, SOURCE, [Outgoing(confirmed(contact)) for contact in contacts])


async def speak_out_of_turn(database: Database, contact: UUID) -> None:
    """A transaction that began to write before another appended, and appends after it."""
    async with database.transaction() as early:
        await early.execute("select pg_current_xact_id()")
        await speak(database, contact)
        await append(early, SOURCE, [Outgoing(confirmed(contact))])


async def published(database: Database) -> int:
    async with database.connection() as connection:
        return int(await connection.fetchval(PUBLISHED))


async def are_published(database: Database, count: int) -> None:
    assert await published(database) >= count


async def order_of(broker: KafkaSettings, contacts: Sequence[UUID]) -> dict[UUID, list[int]]:
    """The `seq` of each contact's events, where each stands first."""
    order: dict[UUID, list[int]] = defaultdict(list)
    for event in await consumed_from(broker, topics.FOLLOWUPS.name):
        contact = UUID(event.subject)
        if contact in contacts and event.seq not in order[contact]:
            order[contact].append(event.seq or 0)
    return order


async def refused(relay: Relay) -> None:
    with pytest.raises(
        Unavailable, match=r"restored into another cluster; run `python -m services\.tests rebase`"
    ):
        await relay.check()


async def command(dsn: str) -> int:
    settings = SimpleNamespace(database=DatabaseSettings(dsn=SecretStr(dsn)))
    return await rebase_command("tests", settings, Namespace())


async def test_nothing_is_published_before_the_rebase_and_everything_in_order_after_it(
    source: str,
    elsewhere: Postgres,
    broker: KafkaSettings,
    opened: list[Database],
    tmp_path: Path,
) -> None:
    old, late, new = uuid4(), uuid4(), uuid4()
    before = await open_at(source)
    opened.append(before)
    async with running(Relay(before, broker)):
        await speak(before, old, old)
        await eventually(lambda: are_published(before, 2), within=30)
    await speak(before, old)
    await speak_out_of_turn(before, old)
    target = restored(source, elsewhere, tmp_path)
    after = await open_at(target)
    opened.append(after)
    await speak(after, new, old)  # whoever accepts does not wait for an operator
    relay = Relay(after, broker)
    async with running(relay):
        await eventually(lambda: refused(relay), within=30)
    assert await published(after) == 2
    async with after.transaction() as open_since_before:
        await open_since_before.execute("select pg_current_xact_id()")
        assert await rebase(after) == (2, 5)
        contacts = [late, old, new]
        await append(open_since_before, SOURCE, [Outgoing(confirmed(each)) for each in contacts])
    await speak(after, old)
    async with running(Relay(after, broker)):
        await eventually(lambda: are_published(after, 2 + 5 + 3 + 1), within=30)
    assert await order_of(broker, [old, late, new]) == {
        old: list(range(1, 9)),
        late: [1],
        new: [1, 2],
    }
    assert await rebase(after) is None


async def test_a_cluster_that_was_upgraded_publishes_as_before(
    source: str, broker: KafkaSettings, opened: list[Database]
) -> None:
    """`pg_upgrade` keeps the transaction ids and makes another system identifier."""
    contact, database = uuid4(), await open_at(source)
    opened.append(database)
    async with running(Relay(database, broker)):
        await speak(database, contact)
        await eventually(lambda: are_published(database, 1), within=30)
    psql(source, ANOTHER_CLUSTER)
    await speak(database, contact)
    async with running(Relay(database, broker)):
        await eventually(lambda: are_published(database, 2), within=30)
    assert await order_of(broker, [contact]) == {contact: [1, 2]}


async def test_what_waits_for_a_parked_topic_is_no_sign_of_a_restore_and_keeps_its_place_through_one(
    source: str, elsewhere: Postgres, broker: KafkaSettings, opened: list[Database], tmp_path: Path
) -> None:
    contact, before = uuid4(), await open_at(source)
    opened.append(before)
    async with running(Relay(before, broker)):
        await speak(before, contact)
        await eventually(lambda: are_published(before, 1), within=30)
        await park(before, topics.FOLLOWUPS.name)
    await speak(before, contact)
    async with running(Relay(before, broker)):
        await eventually(lambda: is_passed_over(before), within=30)
    psql(source, ANOTHER_CLUSTER)
    relay = Relay(before, broker)
    async with running(relay):
        await eventually(lambda: is_ready(relay), within=30)
    after = await open_at(restored(source, elsewhere, tmp_path))
    opened.append(after)
    assert await rebase(after) == (1, 1)
    async with running(Relay(after, broker)):
        await eventually(lambda: is_passed_over(after), within=30)
        assert await published(after) == 1
        assert await unpark(after, topics.FOLLOWUPS.name)
        await speak(after, contact)
        await eventually(lambda: are_published(after, 3), within=30)
    assert await order_of(broker, [contact]) == {contact: [1, 2, 3]}


async def is_passed_over(database: Database) -> None:
    """The cursor has come to the end of the outbox."""
    async with database.connection() as connection:
        assert not await connection.fetchval(BEYOND)


async def is_ready(relay: Relay) -> bool:
    with suppress(Unavailable):
        await relay.check()
        return True
    return False


async def test_what_sorts_before_the_cursor_and_went_nowhere_is_seen_also_when_the_ids_have_caught_up(
    source: str, broker: KafkaSettings, opened: list[Database], capsys: pytest.CaptureFixture[str]
) -> None:
    contact, database = uuid4(), await open_at(source)
    opened.append(database)
    async with running(Relay(database, broker)):
        await speak(database, contact)
        await eventually(lambda: are_published(database, 1), within=30)
    await speak(database, contact)
    psql(source, ANOTHER_CLUSTER)
    psql(source, "update outbox set xid = '5' where position = (select max(position) from outbox)")
    relay = Relay(database, broker)
    async with running(relay):
        await eventually(lambda: refused(relay), within=30)
    assert await command(source) == 0
    assert "1 events wait to be published, 1 were.\n" in capsys.readouterr().out
    assert await command(source) == 0
    assert "Nothing to do: " in capsys.readouterr().out
    async with running(Relay(database, broker)):
        await eventually(lambda: are_published(database, 2), within=30)
    assert await order_of(broker, [contact]) == {contact: [1, 2]}


async def test_while_a_relay_publishes_nothing_is_rebased(
    source: str, broker: KafkaSettings, opened: list[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await open_at(source)
    opened.append(database)
    monkeypatch.setattr(rebasing, "TRIES", 2)
    async with running(Relay(database, broker)):
        await speak(database, uuid4())
        await eventually(lambda: are_published(database, 1), within=30)
        psql(source, ANOTHER_CLUSTER)
        with pytest.raises(Conflict, match="a relay publishes"):
            await rebase(database)


async def test_who_may_only_use_the_database_may_ask_which_cluster_it_is(
    elsewhere: Postgres,
) -> None:
    dsn = elsewhere.create_database("asked")
    assert int((await asyncio.to_thread(psql, dsn, ORDINARY)).split()[-1])
