"""`python -m services.analytics.entrypoints.commands recount|replay|rebuild`, for operators.

recount   compute all sums anew from the facts: after a measure was added or renamed
replay    hear all topics again, over what is known: after a fact has learned a new field
rebuild   forget everything and hear all topics again; older than they reach back is lost
Replay and rebuild want the workers stopped; started again, they do the counting.
"""

import argparse
import asyncio
import sys

from services.analytics.application.recount import recount
from services.analytics.application.replaying import replay
from services.analytics.entrypoints.consumer import SUBSCRIPTIONS
from services.analytics.settings import Settings
from shared.database.database import Database
from shared.kernel.errors import Failure
from shared.settings import SettingsError, load


async def do(command: str, settings: Settings) -> None:
    """Do one of them. Raises a `Failure` that says why not."""
    database = await Database.open(settings.database)
    try:
        if command == "recount":
            async with database.transaction() as tx:
                await recount(tx)
        else:
            await _replay(database, settings, forget=command == "rebuild")
    finally:
        await database.close()


async def _replay(database: Database, settings: Settings, *, forget: bool) -> None:
    for subscription in SUBSCRIPTIONS:
        group = subscription.group("analytics")
        names = [topic.name for topic in subscription.topics]
        await replay(database, settings.kafka, group, names, forget=forget)


def main() -> int:
    """0 if it was done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["recount", "replay", "rebuild"])
    command = parser.parse_args().command
    try:
        asyncio.run(do(command, load(Settings)))
    except (Failure, SettingsError) as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
