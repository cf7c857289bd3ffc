"""The smallest handler that does what every handler does: consume, keep a sum, publish it.

Imported by measuring programs alone: it adds an event of its own to the registry.
"""

from collections.abc import Sequence
from uuid import UUID

from benchmarks.loop.submissions import COUNTED, SUBMITTED
from shared.contracts import topics
from shared.contracts.cloudevents import Incoming, Outgoing, caused_by
from shared.contracts.event import Event, event
from shared.contracts.external import ContactSubmitted
from shared.database.database import Tx
from shared.messaging.consumer.subscription import Subscription

topics.BY_NAME[COUNTED.name] = COUNTED

COUNT = """
insert into counter (customer_id, contacts)
select customer_id, count(*) from unnest($1::text[]) as customer_id
group by customer_id order by customer_id
on conflict (customer_id) do update set contacts = counter.contacts + excluded.contacts
"""


@event("rapport.bench.counted.v1", COUNTED, subject="customer_id")
class Counted(Event, frozen=True, kw_only=True):
    """A contact was counted."""

    customer_id: str
    contact_id: UUID
    delta: int = 1


async def handle(tx: Tx, consumed: Sequence[Incoming[Event]]) -> Sequence[Outgoing]:
    """One more for each customer."""
    await tx.execute(COUNT, [each.subject for each in consumed])
    return [outgoing for each in consumed for outgoing in counted(each)]


def counted(each: Incoming[Event]) -> list[Outgoing]:
    """What is published about one contact."""
    return caused_by(each, Counted(customer_id=each.subject, contact_id=each.id))


SUBSCRIPTION = Subscription(
    topics=(SUBMITTED,), wanted=frozenset({ContactSubmitted}), handle=handle
)
