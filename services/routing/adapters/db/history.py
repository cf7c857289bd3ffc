"""What agents did on a contact: their steps, notes and actions."""

from datetime import datetime
from uuid import UUID

from shared.contracts.routing import ActionTaken, HelpStepRecorded
from shared.database.database import Tx
from shared.kernel.ids import new_id

STEP = """
insert into help_step (step_id, contact_id, agent_id, step, evidence, recorded_at)
values ($1, $2, $3, $4, $5, $6)
"""
NOTE = """
insert into note (note_id, contact_id, agent_id, body, written_at) values ($1, $2, $3, $4, $5)
"""
ACTION = """
insert into action
  (action_id, contact_id, agent_id, kind, amount, currency, action_limit, taken_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""


async def insert_step(tx: Tx, event: HelpStepRecorded) -> UUID:
    """Keep a step of HELP; its id."""
    step_id, evidence = new_id(), event.personal.evidence
    await tx.execute(
        STEP, step_id, event.contact_id, event.agent_id, event.step, evidence, event.recorded_at
    )
    return step_id


async def insert_note(tx: Tx, contact_id: UUID, agent_id: str, body: str, now: datetime) -> None:
    """Keep what one agent tells the next; an empty note is none."""
    if body:
        await tx.execute(NOTE, new_id(), contact_id, agent_id, body, now)


async def insert_action(tx: Tx, event: ActionTaken) -> None:
    """Write an action into the ledger."""
    who = (event.action_id, event.contact_id, event.agent_id)
    what = (event.kind, event.amount, event.currency, event.limit)
    await tx.execute(ACTION, *who, *what, event.taken_at)
