"""What an agent may grant alone, and whether one action stays within it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from shared.contracts.routing import RefusedReason
from shared.contracts.values import Authority, AuthorityKind, Need

BudgetKey: TypeAlias = tuple[AuthorityKind, str]
"""A daily budget is kept apart for each kind and currency."""

UNBOUNDED = 2**63 - 1
"""More than any amount; the largest number that a column of amounts holds."""


@dataclass(frozen=True, slots=True)
class Granted:
    """The action stands: `limit` was allowed, `spent_today` includes it."""

    limit: int
    spent_today: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was spent. `limit` is what would be granted now at most; 0 without authority.

    `left_today` is what is left of the day's budget, over however many actions.
    """

    reason: RefusedReason
    limit: int
    left_today: int = 0


@dataclass(frozen=True, slots=True)
class Authorities:
    """An agent's authorities and what they have spent of each today (UTC)."""

    held: tuple[Authority, ...] = ()
    spent_today: Mapping[BudgetKey, int] = field(default_factory=dict)

    def available(self, kind: AuthorityKind, currency: str, now: datetime) -> int:
        """The largest amount this agent may grant now; 0 if none."""
        everything = Need(kind=kind, amount=UNBOUNDED, currency=currency)
        authority = authority_for(self.held, everything)
        spent = self.spent_today.get((kind, currency), 0)
        return spend(authority, spent, everything.amount, now).limit

    def limit_for(self, need: Need, now: datetime) -> int | None:
        """The limit of an action that covers the need now; None if this agent would have to ask."""
        authority = authority_for(self.held, need)
        spent = self.spent_today.get((need.kind, need.currency), 0)
        decision = spend(authority, spent, need.amount, now)
        return decision.limit if isinstance(decision, Granted) else None


def authority_for(authorities: Iterable[Authority], need: Need) -> Authority | None:
    """The authority of the need's kind and currency; an agent has at most one."""
    wanted = (need.kind, need.currency)
    return next((each for each in authorities if (each.kind, each.currency) == wanted), None)


def spend(
    authority: Authority | None, spent_today: int, amount: int, now: datetime
) -> Granted | Refused:
    """Whether `amount` (minor units) may be granted now."""
    if authority is None:
        return Refused(RefusedReason.NO_AUTHORITY, 0)
    if authority.expires_at is not None and authority.expires_at <= now:
        return Refused(RefusedReason.EXPIRED, 0)
    left = max(0, authority.daily_budget - spent_today)
    if amount > authority.limit:
        return Refused(RefusedReason.OVER_LIMIT, min(left, authority.limit), left)
    if amount > left:
        return Refused(RefusedReason.OVER_BUDGET, left, left)
    return Granted(authority.limit, spent_today + amount)
