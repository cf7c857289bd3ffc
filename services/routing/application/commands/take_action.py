"""An agent spends authority on a contact."""

from datetime import datetime
from uuid import UUID

from services.routing.adapters.db import agents, budgets, history
from services.routing.application.loading import lock_assigned
from services.routing.domain.agents.authority import Granted, Refused, authority_for, spend
from shared.contracts.cloudevents import Outgoing
from shared.contracts.routing import ActionRefused, ActionTaken
from shared.contracts.values import Need
from shared.database.database import Tx
from shared.kernel.ids import new_id
from shared.messaging.outbox.use_case import Result


async def take_action(
    tx: Tx, agent_id: str, contact_id: UUID, now: datetime, *, wanted: Need
) -> Result[ActionTaken | Refused]:
    """The action and the day's sum stand together, or neither. Raises `Missing` or `Conflict`."""
    contact = await lock_assigned(tx, agent_id, contact_id)
    outcome = await _spend(tx, agent_id, wanted, now)
    if isinstance(outcome, Refused):
        refused = ActionRefused(
            contact_id=contact_id,
            agent_id=agent_id,
            kind=wanted.kind,
            amount=wanted.amount,
            currency=wanted.currency,
            reason=outcome.reason,
            refused_at=now,
        )
        return Result(outcome, [Outgoing(refused, trace=contact.trace)])
    action = ActionTaken(
        contact_id=contact_id,
        action_id=new_id(),
        agent_id=agent_id,
        kind=wanted.kind,
        amount=wanted.amount,
        currency=wanted.currency,
        limit=outcome.limit,
        taken_at=now,
    )
    await history.insert_action(tx, action)
    return Result(action, [Outgoing(action, trace=contact.trace)])


async def _spend(tx: Tx, agent_id: str, wanted: Need, now: datetime) -> Granted | Refused:
    """Decide under the lock of the day's sum, which two actions at once cannot both pass."""
    agent = await agents.find(tx, agent_id)
    authority = authority_for(agent.authorities, wanted) if agent else None
    if authority is None:
        return spend(None, 0, wanted.amount, now)
    spent = await budgets.lock_spent(tx, agent_id, authority, now.date())
    outcome = spend(authority, spent, wanted.amount, now)
    if isinstance(outcome, Granted):
        await budgets.save_spent(tx, agent_id, authority, now.date(), outcome.spent_today)
    return outcome
