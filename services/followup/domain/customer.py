"""What follow-up knows of a customer: what they are called."""

from dataclasses import dataclass
from uuid import UUID

from shared.contracts.cloudevents import Incoming
from shared.contracts.decision import Decision
from shared.contracts.intake import CustomerIdentified


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer; the name may be empty."""

    customer_id: UUID
    name: str


def customer_identified(
    _known: Customer | None, event: Incoming[CustomerIdentified], _scene: None
) -> Decision[Customer | None]:
    """The newest name counts: the event carries the customer as a whole."""
    return Decision(Customer(event.data.customer_id, event.data.personal.name))
