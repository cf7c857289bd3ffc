"""Park a topic: its events wait in the outbox, untried, until an operator says that it takes them again."""

import argparse
import sys
from collections.abc import Awaitable, Callable

from shared.contracts.topics import ALL
from shared.database.database import Database
from shared.settings import HasDatabase

PARK = """
with here as (
  select xid, position from relay_cursor where id = 1 union all select '0', 0 order by xid desc limit 1
)
insert into held_topic (topic, xid, position, reason, parked)
select $1, xid, position, 'parked by an operator', true from here
on conflict (topic) do update set parked = true
"""
UNPARK = "update held_topic set parked = false where topic = $1 and parked returning topic"


async def park(database: Database, topic: str) -> None:
    """From now on nothing is published to the topic, and nothing of it leaves the outbox. Twice is once."""
    async with database.connection() as connection:
        await connection.execute(PARK, topic)


async def unpark(database: Database, topic: str) -> bool:
    """Publish to it again, beginning with what has waited. False: it was not parked."""
    async with database.connection() as connection:
        return bool(await connection.fetchval(UNPARK, topic))


def parking_options(parser: argparse.ArgumentParser) -> None:
    """What both commands can be told."""
    parser.description = (
        "A topic that is missing or forbidden is tried again by and by, keeps its place in the outbox and"
        " holds up no other. To park it says that this will last: nobody tries, readiness does not name it"
        " any more, and its events wait for `unpark`."
    )
    parser.add_argument("topic", metavar="TOPIC", help="such as rapport.contacts")


async def park_command(service: str, settings: HasDatabase, asked: argparse.Namespace) -> int:
    """`park TOPIC`; a worker that leads obeys within a second."""

    async def parked(database: Database) -> str:
        await park(database, asked.topic)
        return f"{asked.topic} is parked: its events wait in the outbox."

    return await _on(service, settings, asked.topic, parked)


async def unpark_command(service: str, settings: HasDatabase, asked: argparse.Namespace) -> int:
    """`unpark TOPIC`: the leading worker publishes what has waited, and then goes on as before."""

    async def unparked(database: Database) -> str:
        if await unpark(database, asked.topic):
            return f"{asked.topic} is tried again, beginning with what has waited."
        return f"{asked.topic} is not parked."

    return await _on(service, settings, asked.topic, unparked)


async def _on(
    service: str, settings: HasDatabase, topic: str, do: Callable[[Database], Awaitable[str]]
) -> int:
    ours = [each.name for each in ALL if service in each.producers]
    if topic not in ours:
        sys.stderr.write(f"{service} does not publish to {topic}; it does to {', '.join(ours)}\n")
        return 2
    async with Database.opened(settings.database, service=service) as database:
        sys.stdout.write(f"{await do(database)}\n")
    return 0
