"""How long the oldest event has waited to be published: measured by every worker, whoever publishes."""

from time import monotonic

from shared.database.database import Database
from shared.jobs.periodic import PeriodicJob
from shared.observability import metrics

INTERVAL_SECONDS = 5.0
AGE = """
select extract(epoch from clock_timestamp() - created_at)::float8
from outbox left join relay_cursor as here on here.id = 1
where here.id is null or (outbox.xid, outbox.position) > (here.xid, here.position)
order by outbox.xid, outbox.position limit 1
"""


class _Age:
    """What was measured last; where the next measure is overdue, it has grown since."""

    def __init__(self) -> None:
        self._seconds, self._measured = 0.0, monotonic()

    def measured(self, seconds: float) -> None:
        self._seconds, self._measured = seconds, monotonic()

    def now(self) -> float:
        since = monotonic() - self._measured
        return self._seconds + since if since > 3 * INTERVAL_SECONDS else self._seconds


def age_job(database: Database) -> PeriodicJob:
    """A part of a worker of its own, so that it goes on where the relay or its clean-up does not."""
    age = _Age()
    metrics.outbox_age.set_function(age.now)

    async def measure() -> float:
        async with database.connection() as connection:
            age.measured(await connection.fetchval(AGE) or 0.0)
        return INTERVAL_SECONDS

    return PeriodicJob("outbox_age", measure)
