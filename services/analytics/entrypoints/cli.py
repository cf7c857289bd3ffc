"""What operators can ask of analytics beyond what every service can do: to count anew."""

import argparse
import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from time import monotonic

from services.analytics.application.rebuilding import rebuild, replay
from services.analytics.application.recounting import Report, discard, recount
from services.analytics.entrypoints.consumer import TOPICS, consumed
from services.analytics.settings import Settings
from shared.contracts.topics import ANALYTICS, DAY
from shared.database.database import Database
from shared.runtime.commands import Command

REACH_DAYS = min(topic.retention_hours or 0 for topic in TOPICS) // DAY
NAMES = ", ".join(topic.name for topic in TOPICS)
STOPPED = "The workers must be stopped; started again, they do the counting."
RECOUNT = """\
Compute all sums anew from the facts, which stay. Workers may run, and go on counting; the old figures are read
until the new ones are complete. Stopped, it goes on where it was when it is run again."""
DISCARD = "give up a recount that was begun; the figures stay as they are"
REPLAY = f"""\
Consume the topics again from their oldest record ({REACH_DAYS} days back), over what is known. That changes no
figure but those that knew too little, and all stay readable; what cannot be read becomes a dead letter once more.
{STOPPED} Stopped itself, it is run again."""
REBUILD = f"""\
Count again, from nothing, what the topics still keep: the last {REACH_DAYS} days. Until that is counted the old
figures are read, but they do not move; then figures of what is older are gone, and do not come back. It cannot be
taken back once begun. What cannot be read becomes a dead letter once more. {STOPPED} Stopped itself, it is run
again."""
UNCONFIRMED = (
    f"Nothing is done: figures older than {REACH_DAYS} days would not come back. --yes does it."
)

REPORT_SECONDS = 1.0

Act = Callable[[Database, Settings, argparse.Namespace], Awaitable[str]]


async def _recount(database: Database, _: Settings, asked: argparse.Namespace) -> str:
    if asked.discard:
        return f"{await discard(database)} sums of an unfinished recount are removed."
    contacts = await recount(database, _once_a_second())
    return f"{contacts} contacts are counted anew from the facts."


def _once_a_second() -> Report:
    """Prints how far it has come."""
    printed = monotonic()

    def report(contacts: int, roughly: int) -> None:
        nonlocal printed
        if monotonic() - printed >= REPORT_SECONDS:
            printed = monotonic()
            of = f" of about {roughly}" if roughly > 0 else ""
            sys.stdout.write(f"{contacts}{of} contacts\n")
            sys.stdout.flush()

    return report


async def _replay(database: Database, settings: Settings, _: argparse.Namespace) -> str:
    await replay(database, consumed(settings.kafka))
    return f"The next worker consumes again from the oldest record on: {NAMES}."


async def _rebuild(database: Database, settings: Settings, _: argparse.Namespace) -> str:
    if not await rebuild(database, consumed(settings.kafka)):
        return "A rebuild is under way: the workers have to run until it is complete."
    return (
        "All facts are forgotten; the old figures are read until the new ones are complete."
        f" The next worker counts again from the oldest record on: {NAMES}."
    )


async def _run(act: Act, _: str, settings: Settings, asked: argparse.Namespace) -> int:
    """Do it and print what was done."""
    if not getattr(asked, "yes", True):
        sys.stderr.write(f"{UNCONFIRMED}\n")
        return 2
    async with Database.opened(settings.database, service=ANALYTICS) as database:
        done = await act(database, settings, asked)
    sys.stdout.write(f"{done}\n")
    return 0


def _explained(text: str, parser: argparse.ArgumentParser) -> None:
    parser.description = text


def _discarded(text: str, parser: argparse.ArgumentParser) -> None:
    parser.description = text
    parser.add_argument("--discard", action="store_true", help=DISCARD)


def _confirmed(text: str, parser: argparse.ArgumentParser) -> None:
    parser.description = text
    parser.add_argument("--yes", action="store_true", help="do it; without, nothing is done")


COMMANDS: Mapping[str, Command] = {
    "recount": Command(
        "compute all sums anew, as after a new or renamed measure",
        partial(_run, _recount),
        partial(_discarded, RECOUNT),
    ),
    "replay": Command(
        "consume all topics again, as after a fact's new field",
        partial(_run, _replay),
        partial(_explained, REPLAY),
    ),
    "rebuild": Command(
        "forget all, and consume again what the topics still keep",
        partial(_run, _rebuild),
        partial(_confirmed, REBUILD),
    ),
}
