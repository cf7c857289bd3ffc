"""The servers that are said to store the same rows do: the same tables, as many rows, the same columns filled."""

import asyncio
from collections import Counter

import asyncpg
import pytest

from benchmarks import intake
from benchmarks.plan import Plan
from benchmarks.servers import peers
from benchmarks.stage import Stage
from deploy.local.parts import LocalParts

pytestmark = pytest.mark.long

CUSTOMERS, CONTACTS = 40, 80
PLAN = Plan(rounds=1, seconds=60, max_requests=CUSTOMERS, quiet_timeout=0)
TABLES = ("customer", "contact_point", "contact", "message", "promise", "stream", "attachment")
EVENT = "event_id, topic, key, type, traceparent, value"
SUMS = "select sum(received) as received, sum(stored) as stored from tally"

Filled = Counter[str]
"""How many rows have something in a column, by `table.column`; of the tally the sums."""


@pytest.fixture(scope="module")
def servers(parts: LocalParts) -> intake.Servers:
    return intake.Servers(Stage(parts))


@pytest.fixture(scope="module")
def ours(servers: intake.Servers) -> Filled:
    return _stored(servers, intake.OURS, "outbox")


@pytest.mark.parametrize("name", [peers.MAPPER, peers.DRIVER])
def test_a_server_with_the_same_rows_fills_what_intake_fills(
    servers: intake.Servers, ours: Filled, name: str
) -> None:
    assert _stored(servers, name, "peer.outbox") == ours


def _stored(servers: intake.Servers, name: str, outbox: str) -> Filled:
    """What is in the database after every customer wrote twice."""
    with servers.started(name) as server:
        for _ in range(CONTACTS // CUSTOMERS):
            intake.press(servers.stage, server, PLAN.seconds, PLAN.max_requests)
        return asyncio.run(_read(server.dsn, outbox))


async def _read(dsn: str, outbox: str) -> Filled:
    connection = await asyncpg.connect(dsn)
    try:
        (sums,) = await connection.fetch(SUMS)
        found = Counter({f"tally.{name}": int(total) for name, total in sums.items()})
        for table in TABLES:
            found += _filled(table, await connection.fetch(f"table {table}"))
        events = await connection.fetch(f"select {EVENT} from {outbox}")
        return found + _filled("outbox", events)
    finally:
        await connection.close()


def _filled(table: str, rows: list[asyncpg.Record]) -> Filled:
    there = (name for row in rows for name, value in row.items() if value is not None)
    return Counter(f"{table}.{name}" for name in there)
