"""The sums as the facts say they must be, and where the stored ones differ."""

from services.analytics.adapters.db import facts, rollups
from services.analytics.domain.facts import NOTHING
from services.analytics.domain.rollups import Key, Sums, add_change
from shared.database.database import Tx


async def recounted_sums(tx: Tx) -> Sums:
    """What the sums must be, by the facts as `tx` sees them."""
    sums: Sums = {}
    async for page in facts.every_page(tx):
        for fact in page:
            add_change(sums, NOTHING, fact)
    return sums


async def differences(tx: Tx) -> dict[Key, tuple[int, int]]:
    """Every sum that is not what the facts say: (stored, recounted). Empty: all is well.

    `tx` must be fresh: the facts and the sums are read as of one moment.
    """
    await tx.execute("set transaction isolation level repeatable read, read only")
    stored, right = await rollups.all_sums(tx), await recounted_sums(tx)
    keys = sorted(stored.keys() | right.keys())
    pairs = {key: (stored.get(key, 0), right.get(key, 0)) for key in keys}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}
