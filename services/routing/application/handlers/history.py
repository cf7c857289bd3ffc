"""What is kept of contacts whatever state they are in: messages, and what became of claims."""

from services.routing.adapters.db import messages, resolutions
from services.routing.domain.contact.messages import Message
from services.routing.domain.contact.settlements import Settlement
from shared.messaging.consumer.handlers import Handlers, Process, decide_unloaded


def message_handler(table: Handlers[Message | None, None]) -> Process:
    """Processes the events of a batch that are about messages."""
    return decide_unloaded(table, "message_id", messages.save)


def resolution_handler(table: Handlers[Settlement | None, None]) -> Process:
    """Processes the events of a batch that settle claims."""
    return decide_unloaded(table, "resolution_id", resolutions.settle)
