"""What agents have spent of their daily budgets."""

from datetime import date

from shared.contracts.values import Authority
from shared.database.database import Tx

LOCK = """
insert into authority_day (agent_id, kind, currency, day, spent, budget)
values ($1, $2, $3, $4, 0, $5)
on conflict (day, agent_id, kind, currency)
  do update set budget = greatest(authority_day.spent, excluded.budget)
returning spent
"""
SAVE = """
update authority_day set spent = $5 where (agent_id, kind, currency, day) = ($1, $2, $3, $4)
"""


async def lock_spent(tx: Tx, agent_id: str, authority: Authority, day: date) -> int:
    """What the agent has spent of this authority on that day; locked until `tx` ends."""
    key = (agent_id, authority.kind, authority.currency, day)
    spent: int = await tx.fetchval(LOCK, *key, authority.daily_budget)
    return spent


async def save_spent(tx: Tx, agent_id: str, authority: Authority, day: date, spent: int) -> None:
    """Write what is spent by now."""
    await tx.execute(SAVE, agent_id, authority.kind, authority.currency, day, spent)
