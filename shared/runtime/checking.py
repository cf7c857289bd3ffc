"""`check`: what a process would find with this environment, a line each; no line shows a secret."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from errno import ECONNREFUSED
from socket import gaierror

from asyncpg import PostgresError

from shared.database.database import Database
from shared.database.outages import reason
from shared.http.jwks import key_ring
from shared.http.ops import OK, outcomes
from shared.kernel.clock import SystemClock
from shared.kernel.errors import Unavailable
from shared.messaging.kafka import Probe
from shared.messaging.topics.command import lacking
from shared.settings import KafkaSettings, ServiceSettings, not_read
from shared.settings.addresses import broker_places, database_place
from shared.settings.effective import effective, without_credentials

MORE_SECONDS = 1.0
"""Each step has a deadline of its own, which is told: this much after two of them all are cut off."""
COMPARING_SECONDS = 30.0
REASONS = "\n"
"""Between several that one question was answered with."""


async def check(name: str, settings: ServiceSettings) -> int:
    """Try everything the process depends on; prints a plain table. 0 if all of it is there."""
    found = await _found(name, settings)
    sys.stdout.writelines(f"{line}\n" for line in effective(settings))
    _say("settings", OK)
    for line in not_read(type(settings)):
        _say("not read", line)
    for what, outcome in found.items():
        _say(what, outcome)
    return 0 if all(outcome == OK for outcome in found.values()) else 1


def _say(what: str, outcome: str) -> None:
    """A line, or one for each reason."""
    sys.stdout.writelines(f"{what:<12}{line}\n" for line in outcome.split(REASONS))


async def _found(name: str, settings: ServiceSettings) -> dict[str, str]:
    """What came of each question; who is reached is compared with what is needed there."""
    deadlines = settings.database.connect_timeout_ms, settings.kafka.request_timeout_ms
    reached = await outcomes(
        {
            "database": lambda: _database(name, settings),
            "broker": lambda: _broker(settings.kafka),
            "issuer": lambda: _issuer(settings.auth.jwks),
        },
        timeout_seconds=2 * max(deadlines) / 1000 + MORE_SECONDS,
    )
    database, broker = reached["database"] == OK, reached["broker"] == OK
    compared = await outcomes(
        {
            "migrations": lambda: _migrated(name, settings, reached=database),
            "topics": lambda: _topics(name, settings.kafka, reached=broker),
        },
        timeout_seconds=COMPARING_SECONDS,
    )
    ordered = ("database", "migrations", "broker", "topics", "issuer")
    return {what: (reached | compared)[what] for what in ordered}


async def _database(name: str, settings: ServiceSettings) -> None:
    seconds = settings.database.connect_timeout_ms / 1000
    async with (
        _asked(database_place(settings.database.dsn), seconds),
        Database.opened(settings.database, service=name) as database,
    ):
        await database.ping()


async def _migrated(name: str, settings: ServiceSettings, *, reached: bool) -> None:
    from shared.database.migrate import difference  # noqa: PLC0415 - dear, and no role needs it

    if not reached:
        raise Unavailable("not asked: the database is not reached")
    async with _asked(database_place(settings.database.dsn), COMPARING_SECONDS):
        missing = await difference(name, settings.database.address())
    if missing:
        raise Unavailable(f"the database differs in {len(missing)} places: run migrate")


async def _broker(kafka: KafkaSettings) -> None:
    """The Kafka client does not say why it is not connected: a connection of our own does."""
    seconds = kafka.request_timeout_ms / 1000
    await _connected(broker_places(kafka.bootstrap), seconds)
    async with _asked(kafka.bootstrap, seconds):
        await Probe(kafka).ask()


async def _topics(name: str, kafka: KafkaSettings, *, reached: bool) -> None:
    if not reached:
        raise Unavailable("not asked: the broker is not reached")
    if found := await lacking(name, kafka):
        raise Unavailable(REASONS.join(found))


async def _connected(places: Sequence[tuple[str, int]], seconds: float) -> None:
    """Returns when one of the places takes a connection; raises what all of them say."""
    attempts = [asyncio.ensure_future(_attempt(*place, seconds)) for place in places]
    reasons: list[str] = []
    try:
        for attempt in asyncio.as_completed(attempts):
            reason = await attempt
            if reason is None:
                return
            reasons.append(reason)
    finally:
        for each in attempts:
            each.cancel()
    raise Unavailable("; ".join(reasons))


async def _attempt(host: str, port: int, seconds: float) -> str | None:
    """Connect and hang up: nothing, or why that cannot be done."""
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(host, port)
    except OSError as error:
        return _why(error, f"{host}:{port}", seconds)
    writer.close()
    return None


async def _issuer(jwks: str) -> None:
    try:
        await key_ring(jwks, SystemClock()).keys()
    except Unavailable as error:
        raise Unavailable(f"{error.detail}: {without_credentials(jwks)}") from error


@asynccontextmanager
async def _asked(place: str, seconds: float) -> AsyncIterator[None]:
    """Inside, whatever fails is `Unavailable`, and says who was asked and for how long."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except (Unavailable, OSError, PostgresError) as error:
        cause = error.__cause__ if isinstance(error, Unavailable) else error
        raise Unavailable(_why(cause or error, place, seconds)) from error


def _why(error: BaseException, place: str, seconds: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer from {place} within {seconds:g} s"
    if isinstance(error, ConnectionRefusedError) or f"[Errno {ECONNREFUSED}]" in str(error):
        return f"refused by {place}"
    if isinstance(error, gaierror):
        return f"no such host: {place}"
    if isinstance(error, PostgresError):
        return f"{place}: {type(error).__name__} ({error})"
    return f"{place}: {reason(error)}"
