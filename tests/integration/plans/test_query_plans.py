"""No statement reads a table that grows from end to end: every question has its index.

Each is planned for any parameters, on rows that years of work leave, with sequential scans switched
off: PostgreSQL then takes one only where there is nothing else to take.
"""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import asyncpg
import pytest

from shared.database.database import Tx
from tests.conftest import MakeDsn
from tests.integration.plans.sql_constants import SERVICES, statements
from tests.support.growth import grow

CONTACTS = 10_000
"""With far fewer, reading all of a table is the quickest way to join it."""
SMALL = frozenset(
    (
        *("queue", "topic_rule", "tally", "quarantine_overflow", "agent", "agent_slot"),
        *("lease", "relay_cursor", "held_topic", "watermark", "generation"),
        "dead_letter_limit",
    )
)
"""Tables that do not grow with the work: administration, counts by kind, a row of each process."""
BEGINNING = "no statement, but a part of others, which are planned"
BY_COMMAND = "an operator asks, seldom: the whole is what they ask for"
EXCEPTIONS = {
    "shared.messaging.outbox.fenced:FENCED": BEGINNING,
    "shared.messaging.outbox.held_topics:FENCED": BEGINNING,
    "shared.messaging.outbox.cursor:FENCED": BEGINNING,
    "services.followup.adapters.db.check_ins:QUESTION": BEGINNING,
    "shared.messaging.outbox.restate:RESTATE": "after a lost lease alone, over three days of events",
    "shared.messaging.outbox.cluster:RESTORED": "once for each cluster that a database lives in",
    "shared.messaging.outbox.rebase:ROWS": BY_COMMAND,
    "shared.messaging.outbox.rebase:STREAMS": BY_COMMAND,
    "shared.messaging.outbox.rebase:COUNT": BY_COMMAND,
    "shared.messaging.outbox.republish:REWIND": BY_COMMAND,
    "shared.messaging.outbox.republish:BEHIND": BY_COMMAND,
    "services.analytics.adapters.db.rollups:ALL": BY_COMMAND,
}
"""Statements that may read all of a table, or cannot be planned by themselves, each with its reason."""
BLOCKING = ("Sort", "Aggregate", "Hash", "ModifyTable")
"""Nodes that take all of their input before they give a row: a limit above does not reach below."""

Plan = dict[str, Any]
Indexes = dict[str, tuple[str, bool]]
"""By name: the table of an index, and whether it is a partial one."""


def complaints(plan: Plan, indexes: Indexes, *, limited: bool = False) -> Iterator[str]:
    """What in the plan takes longer the more rows there are."""
    kind, index = plan["Node Type"], plan.get("Index Name", "")
    table, is_partial = indexes.get(index, (plan.get("Relation Name"), False))
    is_filtered = "Filter" in plan or "Join Filter" in plan
    is_cut_short = limited and not is_filtered
    is_walked = bool(index) and not (is_partial or is_cut_short or "Index Cond" in plan)
    if table not in SMALL and (kind == "Seq Scan" or is_walked):
        yield f"{kind} of all of {table}"
    limited = kind == "Limit" or (is_cut_short and kind not in BLOCKING)
    for inner in plan.get("Plans", ()):
        yield from complaints(inner, indexes, limited=limited)


async def planned(connection: Tx, statement: str) -> Plan:
    """The plan that holds for whatever its parameters are."""
    await connection.execute(f"prepare asked as {statement}")
    try:
        count = await connection.fetchval(
            "select cardinality(parameter_types) from pg_prepared_statements where name = 'asked'"
        )
        given = f"({', '.join(['null'] * count)})" if count else ""
        [found] = json.loads(
            await connection.fetchval(f"explain (format json) execute asked{given}")
        )
    finally:
        await connection.execute("deallocate asked")
    plan: Plan = found["Plan"]
    return plan


async def indexes_of(connection: Tx) -> Indexes:
    rows = await connection.fetch(
        "select i.indexrelid::regclass::text as name, i.indrelid::regclass::text as of,"
        " i.indpred is not null as is_partial from pg_index i"
    )
    return {row["name"]: (row["of"], row["is_partial"]) for row in rows}


async def opened(dsn: str) -> Any:
    connection = await asyncpg.connect(dsn)
    await connection.execute("set enable_seqscan = off; set plan_cache_mode = force_generic_plan")
    return connection


@pytest.mark.parametrize("service", SERVICES)
async def test_every_question_has_its_index(postgres_dsn: MakeDsn, service: str) -> None:
    connection = await opened(await postgres_dsn(service))
    try:
        await grow(connection, service, CONTACTS)
        indexes = await indexes_of(connection)
        found = {
            name: list(complaints(await planned(connection, text), indexes))
            for name, (of, text) in statements().items()
            if of == service and name not in EXCEPTIONS
        }
    finally:
        await connection.close()
    assert {name: what for name, what in found.items() if what} == {}


def test_every_exception_is_a_statement_that_is_there() -> None:
    assert EXCEPTIONS.keys() <= statements().keys()


async def test_a_question_without_an_index_is_noticed(postgres_dsn: MakeDsn) -> None:
    connection = await opened(await postgres_dsn("intake"))
    try:
        find = partial(complaints, indexes=await indexes_of(connection))
        scanned = await planned(connection, "select from contact where topic = $1")
        walked = await planned(connection, "select contact_id from contact order by contact_id")
        page = await planned(connection, "select from contact order by contact_id limit $1")
        sorted_first = await planned(
            connection, "select from contact order by topic, contact_id limit $1"
        )
        filtered = await planned(
            connection, "select from contact where topic = $1 order by contact_id limit $2"
        )
    finally:
        await connection.close()
    assert list(find(scanned)) == ["Seq Scan of all of contact"]
    assert list(find(walked)) == ["Index Only Scan of all of contact"]
    assert list(find(page)) == []
    assert list(find(sorted_first)) == ["Seq Scan of all of contact"]
    assert list(find(filtered)) == ["Index Scan of all of contact"]


def test_statements_are_found_by_walking() -> None:
    found = statements()
    assert found["services.intake.adapters.db.promises:AT_RISK"][0] == "intake"
    assert "services.routing.adapters.db.desk:PARTS.notes" in found
    assert "shared.messaging.retention:DELETE_OUTBOX" in found
