"""SQL of queues: a copy of what routing publishes about them."""

from collections.abc import Iterable

import msgspec

from services.intake.domain.queues import QueueState
from shared.contracts.routing import QueueChanged
from shared.database.database import Tx

# The newest state of a queue stays, in whatever order states arrive.
SAVE = """
insert into queue (queue_id, body, changed_at)
select * from unnest($1::text[], $2::jsonb[], $3::timestamptz[])
on conflict (queue_id) do update set body = excluded.body, changed_at = excluded.changed_at
where queue.changed_at <= excluded.changed_at
"""
ALL = "select body from queue order by queue_id"


async def save(tx: Tx, states: Iterable[QueueState]) -> None:
    """Keep these states, one of each queue, but for those of which a newer one is kept."""
    ordered = sorted(states, key=lambda state: state.queue.queue_id)
    await tx.execute(
        SAVE,
        [state.queue.queue_id for state in ordered],
        [state.queue for state in ordered],
        [state.changed_at for state in ordered],
    )


async def all_queues(tx: Tx) -> list[QueueChanged]:
    """All queues as last published."""
    return [msgspec.convert(row["body"], QueueChanged) for row in await tx.fetch(ALL)]
