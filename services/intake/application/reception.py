"""Reception: a single arrival at a door, stored when its receipt is given out."""

from collections.abc import Sequence

import asyncpg

from services.intake.application.accept import Accept
from services.intake.application.centre import CurrentCentre
from services.intake.application.group_commit import GroupCommit
from services.intake.domain.arrival import Arrival, Outcome
from shared.database.database import Database
from shared.observability import names, tracing

COLLISIONS = 3
"""How often a set is tried again because another transaction had one of its arrivals."""


class Reception:
    """What the SMTP and HTTP doors share: each arrival is part of a group commit."""

    def __init__(
        self, database: Database, accept: Accept, centre: CurrentCentre, *, lanes: int, cap: int
    ) -> None:
        self._database, self._accept, self._centre = database, accept, centre
        self._commits = GroupCommit(self._commit, lanes=lanes, cap=cap)

    async def take(self, arrival: Arrival) -> Outcome:
        """What became of it, committed. Raises `Unavailable`, `Overloaded`."""
        return await self._commits.submit(arrival)

    async def drained(self) -> None:
        """Returns when all that was taken is committed or refused."""
        await self._commits.drained()

    async def _commit(self, arrivals: Sequence[Arrival]) -> Sequence[Outcome]:
        traces = [arrival.trace for arrival in arrivals]
        with tracing.batch_span(names.STORE, traces, count=len(arrivals)):
            for _ in range(COLLISIONS):
                try:
                    return await self._once(arrivals)
                except asyncpg.UniqueViolationError:
                    continue
            return await self._once(arrivals)

    async def _once(self, arrivals: Sequence[Arrival]) -> Sequence[Outcome]:
        async with self._database.transaction() as tx:
            return await self._accept(tx, arrivals, await self._centre.read(tx))
