"""`python -m services.analytics.entrypoints.cli recount|replay|rebuild`, for operators.

Replay and rebuild want the workers stopped; started again, they do the counting.
"""

import argparse
import asyncio
import sys
from functools import partial

from services.analytics.application.commands.rebuild import rebuild
from services.analytics.application.commands.recount import recount
from services.analytics.application.commands.replay import replay
from services.analytics.entrypoints.consumer import subscriptions
from services.analytics.settings import Settings
from shared.contracts.topics import ANALYTICS
from shared.database.database import Database
from shared.kernel.errors import Failure
from shared.messaging.outbox.use_case import execute
from shared.settings import SettingsError, load

COMMANDS = {
    "recount": "compute all sums anew, as after a new or renamed measure",
    "replay": "consume all topics again, as after a fact's new field",
    "rebuild": "forget all, and consume again what the topics still keep",
}
BEGIN_ANEW = {"replay": replay, "rebuild": rebuild}


async def run(command: str, settings: Settings) -> None:
    """Run one of the commands. Raises a `Failure` that says why not."""
    database = await Database.open(settings.database, service=ANALYTICS)
    try:
        if command == "recount":
            await execute(database, recount)
        else:
            await _begin_anew(command, database, settings)
    finally:
        await database.close()


async def _begin_anew(command: str, database: Database, settings: Settings) -> None:
    for subscription in subscriptions():
        group = subscription.group(ANALYTICS)
        names = [topic.name for topic in subscription.topics]
        use_case = partial(BEGIN_ANEW[command], kafka=settings.kafka, group=group, topics=names)
        await execute(database, use_case)


def main() -> int:
    """0 if it was done."""
    parser = argparse.ArgumentParser(
        prog="python -m services.analytics.entrypoints.cli", description=__doc__
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, meaning in COMMANDS.items():
        commands.add_parser(name, help=meaning, description=meaning)
    command = parser.parse_args().command
    try:
        asyncio.run(run(command, load(Settings)))
    except (Failure, SettingsError) as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
