"""How much waits in the outbox to be published, and the limit beyond which a service takes no more in.

While the broker is away whoever is accepted becomes a row here, and a disk that is full stops everything, reading too. Below the
limit nobody notices the outage; beyond it who comes is asked to come again.
"""

from typing import NamedTuple

from shared.database.database import Database
from shared.jobs.periodic import PeriodicJob
from shared.kernel.errors import Unavailable
from shared.observability import metrics

INTERVAL_SECONDS = 2.0
RETRY_SECONDS = 30
SAMPLE = 500
ROW_BYTES = 400
"""What a row takes beside its value: its other columns, its place in the index, its share of `stream`."""

# From the cursor that is furthest behind, since nothing is cleaned up beyond it. Never a count: the rows are the distance of
# two positions, their size is that of the newest and the oldest. So a transaction that was rolled back counts too, and the
# price does not grow with what waits.
MEASURE = """
with cursor as (
  select xid, position from relay_cursor where id = 1
  union all select xid, position from held_topic
  union all select '0', 0 where not exists (select from relay_cursor)
), here as (
  select xid, position from cursor order by xid, position limit 1
), sample as (
  select found.* from here, lateral (
    (select outbox.position, octet_length(value) as bytes from outbox
     where (outbox.xid, outbox.position) > (here.xid, here.position)
     order by outbox.xid desc, outbox.position desc limit $1)
    union all
    (select outbox.position, octet_length(value) from outbox
     where (outbox.xid, outbox.position) > (here.xid, here.position)
     order by outbox.xid, outbox.position limit $1)
  ) as found
)
select
  case when count(*) > 0 then greatest(max(sample.position) - min(here.position), 1) else 0 end,
  coalesce(avg(sample.bytes), 0)::float8
from sample, here
"""


class Limit(NamedTuple):
    """How many events, and how many bytes of them, may wait to be published."""

    max_rows: int
    max_bytes: int


class Backlog:
    """What was measured last. Each process measures for itself, so that no limit depends on another process."""

    def __init__(self, database: Database, limit: Limit | None = None) -> None:
        """Without a limit it is measured only."""
        self._database, self._limit = database, limit
        self._rows = self._bytes = 0

    def job(self) -> PeriodicJob:
        """The part of a process that measures."""
        return PeriodicJob("backlog", self.measure)

    async def measure(self) -> float:
        """Look, and return in how many seconds to look again. Raises `Unavailable`."""
        async with self._database.connection() as tx:
            [(rows, average)] = await tx.fetch(MEASURE, SAMPLE)
        self._rows, self._bytes = rows, round(rows * (average + ROW_BYTES))
        metrics.outbox_rows.set(self._rows)
        metrics.outbox_bytes.set(self._bytes)
        return INTERVAL_SECONDS

    def admit(self) -> None:
        """Whether something that publishes may be taken in; raises `Unavailable` if too much waits already."""
        limit = self._limit
        if limit and (self._rows >= limit.max_rows or self._bytes >= limit.max_bytes):
            waiting = f"{self._rows} events of about {self._bytes >> 20} MiB wait to be published"
            raise Unavailable(f"outbox: {waiting}", retry_after_seconds=RETRY_SECONDS)

    async def check(self) -> None:
        """As `admit`, for readiness."""
        self.admit()
