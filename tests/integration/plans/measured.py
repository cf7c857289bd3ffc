"""Every statement of a service on its grown database: how it is planned, and what the hot ones cost.

Nothing that is asked stays: each statement is asked in a transaction that is rolled back.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.database.database import Tx
from tests.integration.plans import arguments
from tests.integration.plans.sql_constants import statements
from tests.integration.plans.test_query_plans import BEGINNING, EXCEPTIONS, Plan, planned

WALKS = frozenset(("Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan"))


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A statement and its plan for any parameters; times and pages only where it was asked.

    `generic_ms` with that plan, `custom_ms` with one for these parameters, both warm and without planning; `pages` of 8 kB
    is what the former read, from memory or not.
    """

    name: str
    what: str
    plan: str
    generic_ms: float | None = None
    custom_ms: float | None = None
    pages: int | None = None


async def measure(connection: Tx, service: str, contacts: int) -> list[Measured]:
    """All statements of the service, on a connection of its own to a database that has so many contacts."""
    await connection.execute(arguments.FUNCTION)
    return [
        one
        for name, (of, text) in statements().items()
        if of == service and EXCEPTIONS.get(name) != BEGINNING
        for one in await _measured(connection, name, text, service, contacts)
    ]


async def _measured(
    connection: Tx, name: str, text: str, service: str, contacts: int
) -> list[Measured]:
    asked = arguments.arguments_of(name, service, contacts)
    if not asked:
        await connection.execute("set plan_cache_mode = force_generic_plan")
        plan = await planned(connection, text)
        return [Measured(name=name, what="", plan=in_a_line(plan))]
    return [await _timed(connection, name, what, text, given) for what, given in asked.items()]


async def _timed(connection: Tx, name: str, what: str, text: str, given: str) -> Measured:
    generic = await _explained(connection, text, given, "force_generic_plan")
    custom = await _explained(connection, text, given, "force_custom_plan")
    plan = generic["Plan"]
    return Measured(
        name=name,
        what=what,
        plan=in_a_line(plan),
        generic_ms=generic["Execution Time"],
        custom_ms=custom["Execution Time"],
        pages=plan["Shared Hit Blocks"] + plan["Shared Read Blocks"],
    )


async def _explained(connection: Tx, text: str, given: str, mode: str) -> dict[str, Any]:
    """The second of two runs: what the first one fetched from the disk is in memory."""
    await connection.execute(f"set plan_cache_mode = {mode}")
    await connection.execute(f"prepare asked as {text}")
    asked = f"execute asked ({given})" if given else "execute asked"
    explain = f"explain (analyze, buffers, format json) {asked}"
    try:
        await _rolled_back(connection, explain)
        return await _rolled_back(connection, explain)
    finally:
        await connection.execute("deallocate asked")


async def _rolled_back(connection: Tx, statement: str) -> dict[str, Any]:
    transaction = connection.transaction()
    await transaction.start()
    try:
        [found] = json.loads(await connection.fetchval(statement))
    finally:
        await transaction.rollback()
    return dict(found)


def in_a_line(plan: Plan) -> str:
    """What the plan reads, in its order: an index by its name, or all of a table or of an index."""
    return ", ".join(dict.fromkeys(_read(plan))) or "no table"


def _read(plan: Plan) -> Iterator[str]:
    index = plan.get("Index Name")
    if plan["Node Type"] in WALKS:
        found = index or f"all of {plan['Relation Name']}"
        yield found if "Index Cond" in plan or not index else f"along {index}"
    for inner in plan.get("Plans", ()):
        yield from _read(inner)
