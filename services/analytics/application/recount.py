"""The sums, computed anew from the facts: to check them, and to fill a measure that is new."""

from services.analytics.adapters import store
from services.analytics.domain.facts import NOTHING
from services.analytics.domain.rollups import Key, Sums, add_change
from shared.database.database import Tx


async def recounted(tx: Tx) -> Sums:
    """What the sums must be, by the facts as `tx` sees them."""
    sums: Sums = {}
    async for page in store.all_facts(tx):
        for fact in page:
            add_change(sums, NOTHING, fact)
    return sums


async def differences(tx: Tx) -> dict[Key, tuple[int, int]]:
    """Every sum that is not what the facts say: (stored, recounted). Empty: all is well.

    `tx` must be fresh: the facts and the sums are read as of one moment.
    """
    await tx.execute("set transaction isolation level repeatable read, read only")
    stored, right = await store.all_sums(tx), await recounted(tx)
    keys = sorted(stored.keys() | right.keys())
    pairs = {key: (stored.get(key, 0), right.get(key, 0)) for key in keys}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


async def recount(tx: Tx) -> None:
    """Replace the sums by recounted ones; batches wait until it is done."""
    await store.hold_facts(tx)
    await store.forget_sums(tx)
    await store.add(tx, await recounted(tx))
