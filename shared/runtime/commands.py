"""What every service can be asked to do besides serving: each ends by itself, with an exit status."""

import argparse
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from shared.kernel.errors import Failure
from shared.messaging.dead_letters.command import dead_letters_command, dead_letters_options
from shared.messaging.outbox.parking import park_command, parking_options, unpark_command
from shared.messaging.outbox.rebase import rebase_command, rebase_options
from shared.messaging.outbox.republish import republish_command, republish_options
from shared.messaging.topics.command import topics_command, topics_options
from shared.runtime.checking import check
from shared.settings import ServiceSettings


class Command(NamedTuple):
    """One word of the command line: what it means, what it does, and what more it may be told.

    `run` gets the service's name, its settings and what was asked, and returns the exit status. It may raise a `Failure`.
    """

    meaning: str
    run: Callable[[str, Any, argparse.Namespace], Awaitable[int]]
    options: Callable[[argparse.ArgumentParser], None] = lambda _: None


async def run_command(
    command: Command, service: str, settings: ServiceSettings, asked: argparse.Namespace
) -> int:
    """The exit status; 1 for a `Failure`, whose reason a person reads on standard error."""
    try:
        return await command.run(service, settings, asked)
    except Failure as failure:
        sys.stderr.write(f"{failure.detail}\n")
        return 1


async def _migrate(service: str, settings: ServiceSettings, _: argparse.Namespace) -> int:
    from shared.database.migrate import run_migrations  # noqa: PLC0415 - dear, and no role needs it

    before, now = await run_migrations(service, settings.database.address())
    moved = f"from {before}" if before else "an empty database"
    sys.stdout.write(f"already at {now}\n" if before == now else f"migrated {moved} to {now}\n")
    return 0


async def _check(service: str, settings: ServiceSettings, _: argparse.Namespace) -> int:
    return await check(service, settings)


COMMANDS: Mapping[str, Command] = {
    "migrate": Command("bring the database's tables to this version", _migrate),
    "check": Command("say whether the environment is complete, and what of it is reached", _check),
    "topics": Command(
        "plan, create and check the topics, or give one more partitions",
        topics_command,
        topics_options,
    ),
    "dead-letters": Command(
        "list what could not be taken, put it back, resume a paused group",
        dead_letters_command,
        dead_letters_options,
    ),
    "republish": Command(
        "publish again all events since some time", republish_command, republish_options
    ),
    "park": Command("let one topic's events wait in the outbox", park_command, parking_options),
    "unpark": Command(
        "publish to a parked topic again, with all that has waited", unpark_command, parking_options
    ),
    "rebase": Command(
        "make a restored outbox publish again, in order", rebase_command, rebase_options
    ),
}
