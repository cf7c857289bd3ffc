"""What routing knows of a customer: as much as an agent's desk shows."""

from dataclasses import dataclass
from uuid import UUID

from shared.contracts.cloudevents import Incoming
from shared.contracts.decision import Decision
from shared.contracts.intake import CustomerIdentified


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer as of the change that is their `seq`-th."""

    customer_id: UUID
    name: str
    language: str
    time_zone: str
    value_tier: str
    seq: int


def customer_identified(
    known: Customer | None, event: Incoming[CustomerIdentified], _scene: None
) -> Decision[Customer | None] | None:
    """The newest change stays, in whatever order they come."""
    seq, customer = event.seq or 0, event.data
    if known is not None and known.seq >= seq:
        return None
    return Decision(
        Customer(
            customer_id=customer.customer_id,
            name=customer.personal.name,
            language=customer.language,
            time_zone=customer.time_zone,
            value_tier=customer.value_tier,
            seq=seq,
        )
    )
