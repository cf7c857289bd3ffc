"""Consuming the topics again: over what is known, or from nothing. The workers do it once they run again.

Between the steps no transaction is open, because the broker may take its time; each step may be repeated.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from services.analytics.adapters.db import generations
from services.analytics.application.commands.rebuild import (
    begin_rebuild,
    complete_rebuild,
    consume_again,
    is_consuming,
)
from services.analytics.application.commands.replay import forget_marks
from services.analytics.application.recounting import alone
from services.analytics.domain.generations import Next
from shared.database.database import Database
from shared.messaging.kafka import check_idle, oldest_unread, start_over
from shared.messaging.outbox.use_case import execute
from shared.settings import KafkaSettings


class Consumed(NamedTuple):
    """What is to be consumed again, and by which group."""

    kafka: KafkaSettings
    group: str
    topics: Sequence[str]


async def replay(database: Database, consumed: Consumed) -> None:
    """Let the group begin anew over what is known. Raises `Conflict` while workers are running.

    Marks go first: who is stopped in between has lost nothing, for an event counts once in any case.
    """
    await check_idle(consumed.kafka, consumed.group)
    await execute(database, forget_marks)
    await start_over(*consumed)


async def rebuild(database: Database, consumed: Consumed) -> bool:
    """Let the group begin anew over nothing; False: it has done so already, and is not at the end yet.

    Raises `Conflict` while workers are running, or a recount is under way.
    """
    async with alone(database):
        if is_consuming(await _begun(database)):
            return False
        await check_idle(consumed.kafka, consumed.group)
        await execute(database, begin_rebuild)
        await start_over(*consumed)
        await execute(database, consume_again)
    return True


async def complete_if_counted(database: Database, consumed: Consumed, now: datetime) -> None:
    """Let a rebuild's sums be read as soon as all is counted that was published before it.

    Raises `Unavailable`.
    """
    if is_consuming(await _begun(database)):
        unread = (await oldest_unread(*consumed)).values()
        until = min((datetime.fromtimestamp(each / 1000, UTC) for each in unread), default=now)
        await execute(database, lambda tx: complete_rebuild(tx, until))


async def _begun(database: Database) -> Next | None:
    async with database.connection() as connection:
        return (await generations.read(connection)).next
