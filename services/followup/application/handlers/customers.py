"""What customers are called."""

from services.followup.adapters.db import customers
from services.followup.domain.customer import Customer
from shared.messaging.consumer.handlers import Handlers, Process, decide_unloaded


def customer_handler(table: Handlers[Customer | None, None]) -> Process:
    """Processes the events of a batch that are about customers."""
    return decide_unloaded(table, "customer_id", customers.save)
