"""How long events have waited to be published: measured by every worker, whoever publishes."""

from collections.abc import Mapping
from time import monotonic

from shared.contracts.topics import ALL
from shared.database.database import Database
from shared.jobs.periodic import PeriodicJob
from shared.observability import metrics

INTERVAL_SECONDS = 5.0
# Begins at the cursor, whatever was published before and is kept.
AGE = """
with here as (
  select xid, position from relay_cursor where id = 1 union all select '0', 0 order by xid desc limit 1
)
select extract(epoch from clock_timestamp() - created_at)::float8
from here, lateral (
  select created_at from outbox where (outbox.xid, outbox.position) > (here.xid, here.position)
  order by outbox.xid, outbox.position limit 1
) as oldest
"""
# What is behind its own cursor and the relay's is younger, and counts above.
HELD = """
select held.topic, extract(epoch from clock_timestamp() - created_at)::float8 as age
from held_topic as held, relay_cursor as here, lateral (
  select created_at from outbox
  where topic = held.topic and (outbox.xid, outbox.position) > (held.xid, held.position)
    and (outbox.xid, outbox.position) <= (here.xid, here.position)
  order by outbox.xid, outbox.position limit 1
) as oldest
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


class _HeldAges:
    """One age for each topic that the service publishes to, and for what else was ever held here."""

    def __init__(self, service: str) -> None:
        self._ages: dict[str, _Age] = {}
        self.measured({topic.name: 0.0 for topic in ALL if service in topic.producers})

    def measured(self, seconds: Mapping[str, float]) -> None:
        for topic in seconds.keys() - self._ages.keys():
            self._ages[topic] = _Age()
            metrics.outbox_held_age.labels(topic).set_function(self._ages[topic].now)
        for topic, age in self._ages.items():
            age.measured(seconds.get(topic, 0.0))


def age_job(database: Database) -> PeriodicJob:
    """A part of a worker of its own, so that it goes on where the relay or its clean-up does not."""
    age, held = _Age(), _HeldAges(database.service)
    metrics.outbox_age.set_function(age.now)

    async def measure() -> float:
        async with database.connection() as connection:
            age.measured(await connection.fetchval(AGE) or 0.0)
            held.measured({row["topic"]: row["age"] for row in await connection.fetch(HELD)})
        return INTERVAL_SECONDS

    return PeriodicJob("outbox_age", measure)
