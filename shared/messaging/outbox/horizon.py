"""For how long one open transaction has held the horizon, which the relay reads below: measured by every worker.

Any transaction that writes holds it, in whichever database of the cluster. What is seen here needs no
privilege, and so it is not seen whose it is; `pg_stat_activity` says that to those who may ask.
"""

from collections.abc import Callable
from time import monotonic

from shared.database.database import Database, Tx
from shared.jobs.periodic import PeriodicJob
from shared.observability import metrics

INTERVAL_SECONDS = 5.0
# The end of a snapshot is behind the newest transaction that has ended: only if one of those is younger than
# the oldest that is open, there is something that may have to wait.
HORIZON = """
select pg_snapshot_xmin(here) as oldest, pg_snapshot_xmin(here) < pg_snapshot_xmax(here) as is_held
from pg_current_snapshot() as here
"""


class Horizon:
    """The open transaction that others wait for, and since when; until the next look it is taken to go on."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._oldest: int | None = None
        self._since = 0.0

    async def look(self, connection: Tx) -> None:
        """See what holds it now."""
        [(oldest, is_held)] = await connection.fetch(HORIZON)
        if not is_held:
            self._oldest = None
        elif oldest != self._oldest:
            self._oldest, self._since = oldest, self._clock()

    def age(self) -> float:
        """Seconds since the first look that found what holds others up now; 0: nothing does."""
        return 0.0 if self._oldest is None else self._clock() - self._since


def horizon_job(database: Database, interval_seconds: float = INTERVAL_SECONDS) -> PeriodicJob:
    """A part of a worker of its own, so that it goes on where the relay waits."""
    horizon = Horizon()
    metrics.horizon_age.set_function(horizon.age)

    async def look() -> float:
        async with database.connection() as connection:
            await horizon.look(connection)
        return interval_seconds

    return PeriodicJob("horizon_age", look)
