"""What follow-up knows of a customer: what they are called."""

from dataclasses import dataclass
from uuid import UUID

from shared.contracts.cloudevents import Incoming
from shared.contracts.decision import Decision
from shared.contracts.intake import CustomerIdentified


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer; the name is empty while it is not known."""

    customer_id: UUID
    name: str = ""


def customer_identified(
    customer: Customer, event: Incoming[CustomerIdentified], _: None
) -> Decision[Customer]:
    """The newest name counts: the event carries the customer as a whole."""
    return Decision(Customer(customer.customer_id, event.data.personal.name))
