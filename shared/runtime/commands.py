"""What every service can be asked to do besides serving: each ends by itself, with an exit status."""

import argparse
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from shared.database.database import Database
from shared.http.jwks import key_ring
from shared.http.ops import OK, outcomes
from shared.kernel.clock import SystemClock
from shared.kernel.errors import Unavailable
from shared.messaging.dead_letters.command import dead_letters_command, dead_letters_options
from shared.messaging.kafka import Probe
from shared.messaging.outbox.republish import republish_command, republish_options
from shared.observability.logging import get_logger
from shared.settings import ServiceSettings

log = get_logger(__name__)


class Command(NamedTuple):
    """One word of the command line: what it means, what it does, and what more it may be told.

    `run` gets the service's name, its settings and what was asked, and returns the exit status.
    """

    meaning: str
    run: Callable[[str, Any, argparse.Namespace], Awaitable[int]]
    options: Callable[[argparse.ArgumentParser], None] = lambda _: None


async def _migrate(service: str, settings: ServiceSettings, _: argparse.Namespace) -> int:
    from shared.database.migrate import run_migrations  # noqa: PLC0415 - dear, and no role needs it

    await run_migrations(service, settings.database.dsn.get_secret_value())
    log.info("migrated")
    return 0


async def _check(service: str, settings: ServiceSettings, _: argparse.Namespace) -> int:
    """Try everything the process depends on; prints a plain table."""
    found = await outcomes(
        {
            "database": lambda: _database(service, settings),
            "migrations": lambda: _migrated(service, settings),
            "broker": Probe(settings.kafka).ask,
            "issuer": lambda: _issuer(settings),
        },
        timeout_seconds=10,
    )
    for what, outcome in {"settings": OK, **found}.items():
        sys.stdout.write(f"{what:<12}{outcome}\n")
    return 0 if all(outcome == OK for outcome in found.values()) else 1


async def _database(service: str, settings: ServiceSettings) -> None:
    database = await Database.open(settings.database, service=service)
    await database.ping()
    await database.close()


async def _migrated(service: str, settings: ServiceSettings) -> None:
    from shared.database.migrate import difference  # noqa: PLC0415 - dear, and no role needs it

    try:
        missing = await difference(service, settings.database.dsn.get_secret_value())
    except OSError as error:
        raise Unavailable(f"database: {type(error).__name__}") from error
    if missing:
        raise Unavailable(f"the database differs in {len(missing)} places: run migrate")


async def _issuer(settings: ServiceSettings) -> None:
    await key_ring(settings.auth.jwks, SystemClock()).keys()


COMMANDS: Mapping[str, Command] = {
    "migrate": Command("bring the database's tables to this version", _migrate),
    "check": Command("say whether the environment is complete, and what of it is reached", _check),
    "dead-letters": Command(
        "list what could not be taken, or put it back", dead_letters_command, dead_letters_options
    ),
    "republish": Command(
        "publish again all events since some time", republish_command, republish_options
    ),
}
