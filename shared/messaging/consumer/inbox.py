"""The inbox: an event's effect happens once, because its mark and its effect are one transaction.

Where duplicates are asked for, a mark keeps where its record stood. So a record that Kafka delivers
again is told from another record with the same event, which its publisher sent again.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from shared.contracts.cloudevents import Incoming
from shared.contracts.event import Event
from shared.contracts.record import Origin
from shared.database.database import Tx

E = TypeVar("E", bound=Event)

# In sorted order, so that two batches with the same events wait for each other and never in a circle.
# What is known already is returned, since that is little; what is new is the rest.
MARK = """
with given as (
  select * from unnest($1::uuid[], $2::text[]) as given (event_id, origin)
), marked as (
  insert into inbox (event_id, origin) select * from given order by event_id
  on conflict do nothing returning event_id
)
select event_id from given where event_id not in (select event_id from marked)
"""
# A repeat gets a mark of its own, by its place: delivered again, it is no further repeat.
MARK_REPEATS = """
insert into inbox (event_id, origin)
select given.record_id, given.origin
from unnest($1::uuid[], $2::text[], $3::uuid[]) as given (event_id, origin, record_id)
join inbox as first using (event_id) where first.origin <> given.origin
order by given.record_id on conflict do nothing returning event_id
"""


async def mark(tx: Tx, marks: Mapping[UUID, Origin | None]) -> set[UUID]:
    """Mark the ids as consumed and return those that were consumed before. One statement.

    An origin makes the mark a fifth dearer, so only who needs it gives one.
    """
    origins = [None if origin is None else str(origin) for origin in marks.values()]
    return {row[0] for row in await tx.fetch(MARK, list(marks), origins)}


async def mark_repeats(tx: Tx, events: Sequence[Incoming[E]]) -> list[Incoming[E]]:
    """Those of these events that stand elsewhere than where their mark says, each record once.

    A record that is only delivered again is none of them. One statement.
    """
    marks = [event.origin.record_id for event in events]
    origins = [str(event.origin) for event in events]
    rows = await tx.fetch(MARK_REPEATS, [event.id for event in events], origins, marks)
    new = {row[0] for row in rows}
    return [event for event, mark in zip(events, marks, strict=True) if mark in new]
