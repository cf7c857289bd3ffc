"""How long the oldest event has waited to be published: measured by every worker, whoever publishes."""

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


def age_job(database: Database) -> PeriodicJob:
    """A part of a worker of its own, so that it goes on where the relay or its clean-up does not."""

    async def measure() -> float:
        async with database.connection() as connection:
            metrics.outbox_age.set(await connection.fetchval(AGE) or 0)
        return INTERVAL_SECONDS

    return PeriodicJob("outbox_age", measure)
