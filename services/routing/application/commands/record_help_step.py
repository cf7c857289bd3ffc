"""An agent notes a step of HELP."""

from datetime import datetime
from uuid import UUID

from services.routing.adapters.db import history
from services.routing.application.loading import lock_assigned
from shared.contracts.cloudevents import Outgoing
from shared.contracts.routing import HelpEvidence, HelpStep, HelpStepRecorded
from shared.database.database import Tx
from shared.messaging.outbox.use_case import Result


async def record_help_step(
    tx: Tx, agent_id: str, contact_id: UUID, now: datetime, *, step: HelpStep, evidence: str
) -> Result[UUID]:
    """The id of the step. Raises `Missing` or `Conflict`."""
    contact = await lock_assigned(tx, agent_id, contact_id)
    recorded = HelpStepRecorded(
        contact_id=contact_id,
        agent_id=agent_id,
        step=step,
        recorded_at=now,
        personal=HelpEvidence(evidence=evidence),
    )
    step_id = await history.insert_step(tx, recorded)
    return Result(step_id, [Outgoing(recorded, trace=contact.trace)])
