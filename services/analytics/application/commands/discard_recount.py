"""Give up a recount that was begun: the sums that are read stay as they are."""

from services.analytics.adapters.db import generations, rollups
from services.analytics.domain.generations import Source
from shared.database.database import Tx
from shared.kernel.errors import Conflict
from shared.messaging.outbox.use_case import Result


async def discard_recount(tx: Tx) -> Result[None]:
    """Events no longer count in it. Where none was begun, nothing changes. Raises `Conflict` for a rebuild."""
    begun = (await generations.hold(tx)).next
    if begun and begun.source is not Source.FACTS:
        raise Conflict(
            "a rebuild is under way, which cannot be taken back: its facts are forgotten"
        )
    if begun:
        await generations.remove(tx, begun.number)
    return Result(None)


async def delete_discarded(tx: Tx) -> Result[int]:
    """Remove some of the sums that were discarded; how many. Raises `Conflict` while others are made."""
    there = await generations.share(tx)
    if there.next:
        raise Conflict("another recount has begun")
    return Result(await rollups.delete_after(tx, there.current))
