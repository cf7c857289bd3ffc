"""Compute all sums anew from the facts, as a measure that is new or was wrong needs it.

A recount is many transactions, each of a moment, beside workers that go on counting. How far it has come
is a row, so whoever runs it again goes on there; what it has made is read once all of it is there.
"""

from typing import NamedTuple

from services.analytics.adapters.db import facts, generations, rollups, watermarks
from services.analytics.domain.facts import NOTHING
from services.analytics.domain.figures.registry import MEASURES
from services.analytics.domain.generations import Generations, Next, Source
from services.analytics.domain.rollups import Sums, add_change
from shared.database.database import Tx
from shared.kernel.errors import Conflict
from shared.messaging.outbox.use_case import Result

SLICE = 200
"""Contacts counted in one transaction; while it lasts, about a tenth of a second, events wait."""
COUNTED = frozenset(measure.id for measure in MEASURES)


class Progress(NamedTuple):
    """How many contacts are counted anew, and whether that is all of them."""

    contacts: int
    complete: bool


async def begin_recount(tx: Tx) -> Result[int]:
    """Begin the next generation of sums, unless a recount has begun it already.

    How many contacts there are, as the database estimates; less than 0: it does not know.

    Raises `Conflict` where that one counts other measures, or is a rebuild's.
    """
    there = await generations.hold(tx)
    if there.next is None:
        await generations.begin(tx, Source.FACTS, COUNTED)
    elif there.next.source is not Source.FACTS:
        raise Conflict("a rebuild is under way; it counts everything anew as well")
    elif there.next.measures != COUNTED:
        raise Conflict("a recount of other measures was begun: recount --discard removes it")
    return Result(await facts.count_roughly(tx))


async def count_slice(tx: Tx) -> Result[Progress]:
    """Count some more contacts; after the last the new sums are those that are read.

    Raises `Conflict` if no recount is under way.
    """
    there = await generations.hold(tx)
    begun = recount_of(there)
    found = await facts.page(tx, begun.passed, SLICE)
    if not found:
        await generations.complete(tx, begun.number)
        await watermarks.hand_on(tx, there.current, begun.number)
        return Result(Progress(begun.contacts, complete=True))
    sums: Sums = {}
    for fact in found.values():
        add_change(sums, NOTHING, fact)
    await rollups.add(tx, begun.number, sums)
    await generations.pass_contacts(tx, begun.number, max(found), len(found))
    return Result(Progress(begun.contacts + len(found), complete=False))


def recount_of(there: Generations) -> Next:
    """The generation that a recount is making. Raises `Conflict` if there is none."""
    if there.next is None or there.next.source is not Source.FACTS:
        raise Conflict("no recount is under way")
    return there.next
