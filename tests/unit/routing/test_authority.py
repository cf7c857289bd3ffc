"""Authority: what is granted never exceeds limit, budget or time, in any order of asking."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.domain.agents.authority import Authorities, Granted, Refused, spend
from shared.contracts.routing import RefusedReason
from shared.contracts.values import Authority, AuthorityKind, Need
from tests.support.clock import NOON
from tests.unit.routing import pools

REFUND = Authority(kind=AuthorityKind.REFUND, limit=50, daily_budget=80, currency="EUR")


@given(pools.authorities, st.lists(st.integers(1, 6), max_size=12))
def test_a_day_of_asking_never_spends_above_limit_or_budget(
    authority: Authority, amounts: list[int]
) -> None:
    spent = 0
    for amount in amounts:
        decision = spend(authority, spent, amount, NOON)
        if isinstance(decision, Granted):
            assert amount <= decision.limit == authority.limit
            assert decision.spent_today == spent + amount
            spent = decision.spent_today
        else:
            assert spend(authority, spent, amount, NOON) == decision
    assert spent <= authority.daily_budget


@given(pools.authorities, st.integers(0, 8), st.integers(1, 6))
def test_a_refusal_names_a_limit_that_would_have_been_granted(
    authority: Authority, spent: int, amount: int
) -> None:
    decision = spend(authority, spent, amount, NOON)
    if isinstance(decision, Refused):
        assert decision.limit < amount
        if decision.limit:
            assert isinstance(spend(authority, spent, decision.limit, NOON), Granted)


@given(pools.allowed, pools.needs)
def test_who_covers_a_need_may_also_spend_it(authorities: Authorities, need: Need) -> None:
    limit = authorities.limit_for(need, NOON)
    if limit is not None:
        assert need.amount <= limit


@pytest.mark.parametrize(
    ("authority", "spent", "amount", "expected"),
    [
        (None, 0, 1, Refused(RefusedReason.NO_AUTHORITY, 0)),
        (REFUND, 0, 50, Granted(50, 50)),
        (REFUND, 0, 51, Refused(RefusedReason.OVER_LIMIT, 50, 80)),
        (REFUND, 30, 50, Granted(50, 80)),
        (REFUND, 40, 50, Refused(RefusedReason.OVER_BUDGET, 40, 40)),
        (REFUND, 90, 1, Refused(RefusedReason.OVER_BUDGET, 0)),
    ],
)
def test_each_refusal_has_its_reason(
    authority: Authority | None, spent: int, amount: int, expected: Granted | Refused
) -> None:
    assert spend(authority, spent, amount, NOON) == expected


def test_authority_ends_at_the_moment_it_expires() -> None:
    moment = NOON + timedelta(hours=1)
    timed = Authority(
        kind=AuthorityKind.REFUND, limit=5, daily_budget=5, currency="EUR", expires_at=moment
    )
    assert isinstance(spend(timed, 0, 1, moment - timedelta(seconds=1)), Granted)
    assert spend(timed, 0, 1, moment) == Refused(RefusedReason.EXPIRED, 0)
