"""The outbox: one transaction, one order per aggregate, no gaps."""

import asyncio
import json
from contextlib import suppress
from uuid import UUID, uuid4

import pytest

from shared.contracts.cloudevents import Incoming, Outgoing, caused_by
from shared.contracts.followup import AnswerPersonal, CheckInAnswered
from shared.contracts.record import Origin
from shared.contracts.trace_context import TraceContext
from shared.database.database import Database, Tx
from shared.kernel.errors import Invalid
from shared.messaging.outbox.append import append
from tests.support.kafka import AT, SOURCE, confirmed

ORDER = "select value from outbox where key = $1 order by xid, position"


async def append_events(database: Database, *contacts: UUID) -> None:
    async with database.transaction() as tx:
        await append(tx, SOURCE, [Outgoing(confirmed(contact)) for contact in contacts])


async def order_of(database: Database, contact: UUID) -> list[int]:
    async with database.connection() as connection:
        rows = await connection.fetch(ORDER, str(contact).encode())
    return [json.loads(row["value"])["seq"] for row in rows]


async def test_the_events_of_an_aggregate_are_numbered_without_gaps(database: Database) -> None:
    mine, other = uuid4(), uuid4()
    await append_events(database, mine, other, mine)
    await append_events(database, mine)
    assert await order_of(database, mine) == [1, 2, 3]
    assert await order_of(database, other) == [1]


async def test_numbers_stay_gapless_when_many_append_at_once(database: Database) -> None:
    contacts = [uuid4() for _ in range(4)]
    await asyncio.gather(*(append_events(database, *contacts, contacts[n % 4]) for n in range(24)))
    for contact in contacts:
        assert await order_of(database, contact) == list(range(1, 31))


async def test_what_is_rolled_back_leaves_no_gap(database: Database) -> None:
    contact = uuid4()
    with suppress(ZeroDivisionError):
        async with database.transaction() as tx:
            await append(tx, SOURCE, [Outgoing(confirmed(contact))])
            raise ZeroDivisionError
    await append_events(database, contact)
    assert await order_of(database, contact) == [1]


async def test_opposite_orders_of_aggregates_do_not_deadlock(database: Database) -> None:
    contacts = [uuid4() for _ in range(20)]
    both = (contacts, contacts[::-1])
    await asyncio.gather(*(append_events(database, *both[n % 2]) for n in range(16)))
    assert await order_of(database, contacts[0]) == list(range(1, 17))


async def test_a_transaction_that_began_early_and_appends_late_is_read_late(
    database: Database,
) -> None:
    contact = uuid4()
    async with database.transaction() as early:
        await begin_to_write(early)
        await append_events(database, contact)
        await append(early, SOURCE, [Outgoing(confirmed(contact))])
    assert await order_of(database, contact) == [1, 2]


async def begin_to_write(tx: Tx) -> None:
    await tx.execute("insert into inbox (event_id) values ($1)", uuid4())


async def test_an_event_larger_than_its_topic_takes_is_refused(database: Database) -> None:
    answered = CheckInAnswered(
        contact_id=uuid4(),
        check_in_id=uuid4(),
        resolution_id=uuid4(),
        agent_id="a",
        solved=True,
        answered_at=AT,
        personal=AnswerPersonal(comment="x" * 1_100_000),
    )
    with pytest.raises(Invalid):
        async with database.transaction() as tx:
            await append(tx, SOURCE, [Outgoing(answered)])


async def test_an_event_carries_its_cause_and_its_trace(database: Database) -> None:
    trace = TraceContext(f"00-{'a' * 32}-{'b' * 16}-01", "vendor=1")
    cause = Incoming(
        id=uuid4(),
        type="t",
        source="rapport/x",
        subject="s",
        time=AT,
        data=confirmed(),
        origin=Origin("t", 0, 0),
        trace=trace,
    )
    async with database.transaction() as tx:
        await append(tx, SOURCE, caused_by(cause, confirmed()))
        [row] = await tx.fetch("select traceparent, value from outbox")
    written = json.loads(row["value"])
    assert written["causationid"] == str(cause.id)
    assert row["traceparent"] == written["traceparent"] == trace.parent
    assert written["tracestate"] == "vendor=1"
