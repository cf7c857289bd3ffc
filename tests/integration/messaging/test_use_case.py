"""A use case is one transaction: its state and its events are committed together, or neither."""

from uuid import uuid4

import pytest

from shared.contracts.cloudevents import Outgoing
from shared.database.database import Tx
from shared.kernel.errors import Conflict
from shared.messaging.outbox.use_case import Result, execute
from tests.conftest import OpenDatabase
from tests.support.kafka import confirmed

MARK = "insert into inbox (event_id) values ($1)"
COUNTS = "select (select count(*) from inbox) as marks, (select count(*) from outbox) as events"


async def test_state_and_events_are_committed_together(open_database: OpenDatabase) -> None:
    database = await open_database("messaging")

    async def use_case(tx: Tx) -> Result[str]:
        await tx.execute(MARK, uuid4())
        return Result("done", [Outgoing(confirmed())])

    assert await execute(database, use_case) == "done"
    async with database.connection() as connection:
        assert tuple(await connection.fetchrow(COUNTS) or ()) == (1, 1)


async def test_a_use_case_that_fails_leaves_nothing(open_database: OpenDatabase) -> None:
    database = await open_database("messaging")

    async def use_case(tx: Tx) -> Result[None]:
        await tx.execute(MARK, uuid4())
        raise Conflict("no")

    with pytest.raises(Conflict):
        await execute(database, use_case)
    async with database.connection() as connection:
        assert tuple(await connection.fetchrow(COUNTS) or ()) == (0, 0)


async def test_nothing_is_asked_of_the_outbox_where_there_is_nothing_to_publish(
    open_database: OpenDatabase,
) -> None:
    database = await open_database("messaging")

    async def use_case(_: Tx) -> Result[int]:
        return Result(7)

    assert await execute(database, use_case) == 7
