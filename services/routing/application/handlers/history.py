"""What is kept of contacts whatever state they are in: messages, and what became of claims."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.routing.adapters.db import messages, resolutions
from services.routing.domain.contact.messages import Message
from services.routing.domain.contact.settlements import Settlement
from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event
from shared.database.database import Tx
from shared.messaging.consumer.handlers import Handlers, decide_in_order


class MessageHandler:
    """Processes the events of a batch that are about messages.

    Nothing is loaded: what is known already stands in the way of what would be written.
    """

    def __init__(self, table: Handlers[Message | None, None]) -> None:
        self._table = table

    async def __call__(self, tx: Tx, events: Sequence[Incoming[Event]]) -> list[Outgoing]:
        keyed = [(_message_of(event), event) for event in events]
        unknown = dict.fromkeys(key for key, _ in keyed)
        changed, outgoing = decide_in_order(self._table, unknown, keyed, None)
        await messages.save(tx, [each for each in changed.values() if each])
        return outgoing


class ResolutionHandler:
    """Processes the events of a batch that settle claims; nothing is loaded here either."""

    def __init__(self, table: Handlers[Settlement | None, None]) -> None:
        self._table = table

    async def __call__(self, tx: Tx, events: Sequence[Incoming[Event]]) -> list[Outgoing]:
        keyed = [(_claim_of(event), event) for event in events]
        unknown = dict.fromkeys(key for key, _ in keyed)
        changed, outgoing = decide_in_order(self._table, unknown, keyed, None)
        await resolutions.settle(tx, [each for each in changed.values() if each])
        return outgoing


def _message_of(event: Incoming[Any]) -> UUID:
    message_id: UUID = event.data.message_id
    return message_id


def _claim_of(event: Incoming[Any]) -> UUID:
    resolution_id: UUID = event.data.resolution_id
    return resolution_id
