"""What the holder of the relay's lease writes: all of it under the lease's row, and where rows went with it."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from shared.jobs.lease import Lease
from shared.messaging.outbox.publishing import PublishedBatch

FENCED: Final = """
with fence as (
  select from lease where name = $1 and number = $2 for key share
), noted as (
  insert into published (topic, partition, base_offset, positions)
  select topic, partition, base_offset, ($6::bigint[])[first:last]
  from unnest($3::text[], $4::int[], $5::bigint[], $7::int[], $8::int[])
    as batch (topic, partition, base_offset, first, last)
  where exists (select from fence)
)"""
"""How such a statement begins; its own parameters begin with $9. Without a row in `fence` it changes nothing."""


def fenced(lease: Lease, batches: Sequence[PublishedBatch]) -> list[object]:
    """The first eight parameters of such a statement."""
    ends = list(accumulate(len(batch.positions) for batch in batches))
    return [
        lease.name,
        lease.number,
        [batch.topic for batch in batches],
        [batch.partition for batch in batches],
        [batch.base_offset for batch in batches],
        [position for batch in batches for position in batch.positions],
        [end - len(batch.positions) + 1 for end, batch in zip(ends, batches, strict=True)],
        ends,
    ]
