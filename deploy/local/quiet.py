"""Waits until nothing is left to publish or consume: seen in the databases, from outside."""

import asyncio
import time

import asyncpg

from deploy.local.failure import LaunchFailure
from deploy.local.platform import Addresses

STILL = 4
"""How many looks in a row must find the same, half a second apart."""

UNPUBLISHED = """
select count(*) from outbox
where (xid, position) > (select coalesce(max(xid), '0'), coalesce(max(position), 0) from relay_cursor)
"""
CONSUMED = "select count(*) from inbox"
UNSENT = "select count(*) from message where state = 'queued'"


async def wait_until_quiet(where: Addresses, within: float = 60.0) -> None:
    """Return when every outbox is published and no inbox grows. LaunchFailure if that never comes."""
    deadline = time.monotonic() + within
    looks: list[tuple[int, ...]] = []
    while len(looks) < STILL or len(set(looks[-STILL:])) > 1 or any(looks[-1][0::2]):
        if time.monotonic() > deadline:
            raise LaunchFailure(f"The platform did not come to rest in {within:.0f} s: {looks[-1]}")
        looks.append(await _look(where.dsn))
        await asyncio.sleep(0.5)


async def _look(dsn: dict[str, str]) -> tuple[int, ...]:
    """Service by service: what is not yet published (or sent as mail), and what was consumed."""
    found: list[int] = []
    for service, address in dsn.items():
        connection = await asyncpg.connect(address)
        try:
            unpublished = await connection.fetchval(UNPUBLISHED)
            consumed = await connection.fetchval(CONSUMED)
            if service == "intake":
                unpublished += await connection.fetchval(UNSENT)
            found += [unpublished, consumed]
        finally:
            await connection.close()
    return tuple(found)
