"""What we know when arrivals come in: the people, the earlier arrivals, the contacts they refer to."""

from datetime import datetime
from uuid import UUID

import msgspec

from services.intake.domain.address import ContactPoint, PointKind
from services.intake.domain.arrival import Receipt


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A person, as far as accepting their messages needs it; `point_id` is where they wrote from."""

    customer_id: UUID
    point_id: UUID
    language: str
    time_zone: str
    value_tier: str


class Newcomer(msgspec.Struct, frozen=True, kw_only=True):
    """A person who may be new: whoever else registers the same address first, is them."""

    customer_id: UUID
    point_id: UUID
    kind: str
    address: str
    name: str
    language: str
    time_zone: str
    value_tier: str
    created_at: datetime

    @property
    def point(self) -> ContactPoint:
        """Where they wrote from."""
        return ContactPoint(PointKind(self.kind), self.address)


class Earlier(msgspec.Struct, frozen=True):
    """An arrival that came before."""

    digest: bytes
    receipt: Receipt


class Thread(msgspec.Struct, frozen=True):
    """A contact that a mail refers to, whose it is, and whether no person began it."""

    contact_id: UUID
    customer_id: UUID
    automatic: bool


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """The state that a set of arrivals meets."""

    customers: dict[ContactPoint, Customer]
    earlier: dict[UUID, Earlier]
    threads: dict[str, list[Thread]]
    new_customers: frozenset[UUID] = frozenset()
