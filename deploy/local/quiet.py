"""Waits until the platform has nothing left to say or hear: seen in the databases, from outside."""

import asyncio
import time

import asyncpg

from deploy.local.failure import LaunchFailure
from deploy.local.platform import Addresses

STILL = 4
"""How many looks in a row must find the same, half a second apart."""

UNSAID = """
select count(*) from outbox
where (xid, position) > (select coalesce(max(xid), '0'), coalesce(max(position), 0) from relay_cursor)
"""
HEARD = "select count(*) from inbox"
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
    """Unsaid and heard, service by service, then unsent mail."""
    found: list[int] = []
    for service, address in dsn.items():
        connection = await asyncpg.connect(address)
        try:
            unsaid, heard = await connection.fetchval(UNSAID), await connection.fetchval(HEARD)
            if service == "intake":
                unsaid += await connection.fetchval(UNSENT)
            found += [unsaid, heard]
        finally:
            await connection.close()
    return tuple(found)
