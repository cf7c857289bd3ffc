"""Compute all sums anew from the facts, as a measure that is new or was wrong needs it."""

from services.analytics.adapters.db import facts, rollups
from services.analytics.application.queries.recounted import recounted_sums
from shared.database.database import Tx
from shared.messaging.outbox.use_case import Result


async def recount(tx: Tx) -> Result[int]:
    """Replace the sums by recounted ones, and say how many; batches wait until it is done."""
    await facts.lock_all(tx)
    await rollups.delete_all(tx)
    sums = await recounted_sums(tx)
    await rollups.add(tx, sums)
    return Result(len(sums))
