"""Count again what the topics still keep, from nothing, into sums that are read once all of it is counted."""

from datetime import datetime

from services.analytics.adapters.db import generations, resets, watermarks
from services.analytics.application.commands.recount import COUNTED
from services.analytics.domain.generations import Next, Source
from shared.database.database import Tx
from shared.kernel.errors import Conflict
from shared.messaging.outbox.use_case import Result


async def begin_rebuild(tx: Tx) -> Result[None]:
    """Forget all facts and begin the next generation of sums; the old ones are read, and move no more.

    One that was begun and stopped before its topics were consumed again is begun anew. Raises `Conflict`
    while a recount is under way.
    """
    begun = (await generations.hold(tx)).next
    if begun and begun.source is not Source.TOPICS:
        raise Conflict("a recount is under way: run it to its end, or recount --discard it")
    if begun:
        await generations.remove(tx, begun.number)
    await generations.begin(tx, Source.TOPICS, COUNTED)
    await resets.forget_facts(tx)
    return Result(None)


async def consume_again(tx: Tx) -> Result[None]:
    """The group begins anew; all that was published until now is to be counted."""
    begun = (await generations.hold(tx)).next
    if begun and begun.source is Source.TOPICS:
        await generations.consume(tx, begun.number)
    return Result(None)


async def complete_rebuild(tx: Tx, until: datetime) -> Result[bool]:
    """Let the new sums be read if all is counted that was published before the rebuild; whether they are.

    `until` is up to which time of publishing everything is counted.
    """
    begun = (await generations.hold(tx)).next
    if not (begun and is_complete(begun, until)):
        return Result(False)
    await generations.complete(tx, begun.number)
    await watermarks.remove_before(tx, begun.number)
    return Result(True)


def is_consuming(begun: Next | None) -> bool:
    """Whether it is a rebuild whose topics are being consumed again."""
    return bool(begun and begun.consumed_since)


def is_complete(begun: Next, until: datetime) -> bool:
    """Whether all that was published before the rebuild is counted."""
    return begun.consumed_since is not None and until > begun.consumed_since
