"""Messages that others ask us to deliver: each becomes one of its contact, once."""

from collections.abc import Sequence
from uuid import UUID

from services.intake.adapters.db import deliveries
from services.intake.domain.channels import Channels
from services.intake.domain.correspondence import Correspondence
from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event, subject_of
from shared.database.database import Tx
from shared.messaging.consumer.expired_contacts import expired
from shared.messaging.consumer.handlers import Handlers, decide_in_order


class DeliveryHandler:
    """Queues the messages; the delivery job does the rest."""

    def __init__(
        self, table: Handlers[Correspondence | None, Channels], channels: Channels
    ) -> None:
        self._table, self._channels = table, channels

    async def __call__(self, tx: Tx, events: Sequence[Incoming[Event]]) -> list[Outgoing]:
        """What is published at once: that nothing reaches the customer. Raises `Invalid`.

        A message of a contact that has expired is left out: there is nobody left to write to.
        """
        keyed = [(UUID(subject_of(event.data)), event) for event in events]
        known = await deliveries.correspondence(tx, {contact_id for contact_id, _ in keyed})
        gone = await expired(tx, {contact_id for contact_id, _ in keyed} - known.keys())
        keyed = [(contact_id, event) for contact_id, event in keyed if contact_id not in gone]
        contact_ids = [contact_id for contact_id, _ in keyed]
        states = {contact_id: known.get(contact_id) for contact_id in contact_ids}
        changed, outgoing = decide_in_order(self._table, states, keyed, self._channels)
        drafts = [draft for state in changed.values() if state for draft in state.drafts]
        if drafts:
            await deliveries.write(tx, drafts)
        return outgoing
