"""Who customers are."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.routing.adapters.db import customers
from services.routing.domain.customer import Customer
from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event
from shared.database.database import Tx
from shared.messaging.consumer.handlers import Handlers, decide_in_order


class CustomerHandler:
    """Processes the events of a batch that are about customers.

    Each of them carries the customer as a whole, so nothing is loaded.
    """

    def __init__(self, table: Handlers[Customer | None, None]) -> None:
        self._table = table

    async def __call__(self, tx: Tx, events: Sequence[Incoming[Event]]) -> list[Outgoing]:
        keyed = [(_customer_of(event), event) for event in events]
        unknown = dict.fromkeys(key for key, _ in keyed)
        changed, outgoing = decide_in_order(self._table, unknown, keyed, None)
        await customers.save(tx, [each for each in changed.values() if each])
        return outgoing


def _customer_of(event: Incoming[Any]) -> UUID:
    customer_id: UUID = event.data.customer_id
    return customer_id
