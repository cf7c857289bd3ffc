"""Sets of rows go to PostgreSQL and come back by name."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid4

import msgspec

from shared.database.rows import Columns, as_row, from_row
from tests.conftest import OpenDatabase

TABLE = (
    "create temporary table thing (thing_id uuid primary key, state text, count int, extra text)"
)
COLUMNS = Columns(thing_id="uuid", state="text", count="int")


class State(StrEnum):
    OPEN = "open"
    OVER = "over"


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    thing_id: UUID
    state: State
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Plain:
    thing_id: UUID
    state: State


def test_a_dataclass_is_a_row_as_a_struct_is() -> None:
    one = uuid4()
    row = as_row(Plain(one, State.OPEN))
    assert row == {"thing_id": one, "state": State.OPEN}
    assert as_row(Thing(thing_id=one, state=State.OPEN)) == row | {"count": None}


async def test_a_set_is_written_replaced_and_read_by_name(open_database: OpenDatabase) -> None:
    database = await open_database("messaging")
    one, other = uuid4(), uuid4()
    written = [
        Thing(thing_id=one, state=State.OPEN, count=1),
        Thing(thing_id=other, state=State.OPEN),
    ]
    changed = [Thing(thing_id=one, state=State.OVER, count=None)]
    async with database.transaction() as tx:
        await tx.execute(TABLE)
        upsert = COLUMNS.upsert("thing", "thing_id")
        await tx.execute(upsert, *COLUMNS.arrays_of(written))
        await tx.execute(upsert, *COLUMNS.arrays_of(changed))
        rows = await tx.fetch("select * from thing")
    found = {row["thing_id"]: from_row(row, Thing) for row in rows}
    assert found == {one: changed[0], other: written[1]}


async def test_what_is_given_is_taken_instead_of_the_column(open_database: OpenDatabase) -> None:
    database, one = await open_database("messaging"), uuid4()
    async with database.connection() as tx:
        row = await tx.fetchrow("select $1::uuid as thing_id, 'a thing' as state", one)
    assert row is not None
    assert from_row(row, Thing, state=State.OVER) == Thing(thing_id=one, state=State.OVER)


async def test_what_is_there_stays_where_only_new_rows_are_wanted(
    open_database: OpenDatabase,
) -> None:
    database = await open_database("messaging")
    one = uuid4()
    insert = COLUMNS.insert_new("thing", "thing_id")
    async with database.transaction() as tx:
        await tx.execute(TABLE)
        await tx.execute(insert, *COLUMNS.arrays([{"thing_id": one, "state": "open", "count": 1}]))
        await tx.execute(insert, *COLUMNS.arrays([{"thing_id": one, "state": "over"}]))
        row = await tx.fetchrow("select * from thing")
    assert row is not None
    assert (row["state"], row["count"]) == ("open", 1)
