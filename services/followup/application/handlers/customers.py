"""What customers are called."""

from collections.abc import Sequence
from uuid import UUID

from services.followup.adapters.db import customers
from services.followup.domain.customer import Customer
from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event, subject_of
from shared.database.database import Tx
from shared.messaging.consumer.handlers import Handlers, decide_in_order


class CustomerHandler:
    """Processes the events of a batch that are about customers.

    Each of them carries the customer as a whole, so nothing is loaded.
    """

    def __init__(self, table: Handlers[Customer, None]) -> None:
        self._table = table

    async def __call__(self, tx: Tx, events: Sequence[Incoming[Event]]) -> list[Outgoing]:
        keyed = [(UUID(subject_of(event.data)), event) for event in events]
        unknown = {key: Customer(key) for key, _ in keyed}
        changed, outgoing = decide_in_order(self._table, unknown, keyed, None)
        if changed:
            await customers.save(tx, changed.values())
        return outgoing
