"""Claimed resolutions, and what became of them."""

from collections.abc import Iterable
from datetime import datetime

from services.routing.domain.contact.model import Contact
from services.routing.domain.contact.settlements import Settlement
from shared.contracts.routing import ResolutionOutcome
from shared.database.database import Tx
from shared.database.rows import Columns, as_row

INSERT = """
insert into resolution
  (resolution_id, contact_id, agent_id, queue_id, outcome, number, claimed_at)
values ($1, $2, $3, $4, $5, $6, $7)
"""
SETTLEMENT = Columns(resolution_id="uuid", settled="text", settled_at="timestamptz")
SETTLE = f"""
update resolution set {SETTLEMENT.assignments("given", but=["resolution_id"])}
from {SETTLEMENT.source}
where resolution.resolution_id = given.resolution_id and resolution.settled is null
"""  # noqa: S608


async def insert(
    tx: Tx, contact: Contact, agent_id: str, outcome: ResolutionOutcome, now: datetime
) -> None:
    """Keep the claim that the agent has just made on the contact."""
    claim = (contact.resolution_id, contact.contact_id, agent_id, contact.queue_id)
    await tx.execute(INSERT, *claim, outcome, contact.claims, now)


async def settle(tx: Tx, settlements: Iterable[Settlement]) -> None:
    """Keep what became of claims; what is settled stays as it is."""
    if rows := [as_row(settlement) for settlement in settlements]:
        await tx.execute(SETTLE, *SETTLEMENT.arrays(rows))
