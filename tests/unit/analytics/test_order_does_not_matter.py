"""Facts are a join-semilattice, and sums follow them: the reason why replay equals live."""

import builtins
import types
from datetime import datetime, timedelta
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.analytics.domain.facts import (
    JOINS,
    NOTHING,
    Fact,
    merge,
)
from services.analytics.domain.rollups import Sums, add_change
from tests.support.life import NOON, Life
from tests.unit.analytics.histories import Batches, arrivals, counted, fact_of, lives

FEW: dict[type, list[Any]] = {
    UUID: [UUID(int=1), UUID(int=2)],
    datetime: [NOON, NOON + timedelta(seconds=1)],
    str: ["a", "b"],
    int: [1, 2],
    bool: [False, True],
}
"""So few values that what is drawn meets, and contradicts, itself."""


def small(kind: Any) -> st.SearchStrategy[Any]:
    """Values of the type of a field of a fact."""
    if kind in FEW:
        return st.sampled_from(FEW[kind])
    inner = [small(each) for each in get_args(kind) if each is not type(None)]
    match get_origin(kind):
        case builtins.dict:
            return st.dictionaries(*inner, max_size=2)
        case builtins.frozenset:
            return st.frozensets(*inner, max_size=2)
        case types.UnionType:
            return st.none() | inner[0]
    return st.builds(kind, *map(small, get_type_hints(kind).values()))


def facts(field: str) -> st.SearchStrategy[Fact]:
    """Facts that know nothing but this field, and contradict each other about it."""
    return small(get_type_hints(Fact)[field]).map(lambda value: Fact(**{field: value}))


@pytest.mark.parametrize("field", JOINS)
@settings(max_examples=30)
@given(data=st.data())
def test_merging_is_commutative_associative_and_idempotent(field: str, data: st.DataObject) -> None:
    a, b, c = (data.draw(facts(field)) for _ in range(3))
    assert merge(a, b) == merge(b, a)
    assert merge(merge(a, b), c) == merge(a, merge(b, c))
    assert merge(merge(a, b), b) == merge(a, b)
    assert merge(a, NOTHING) == merge(NOTHING, a) == a


def test_every_field_of_a_fact_says_how_it_is_joined() -> None:
    assert tuple(JOINS) == Fact.__struct_fields__


@given(arrivals())
def test_any_order_with_duplicates_gives_the_same_facts_and_sums(
    drawn: tuple[list[Life], Batches],
) -> None:
    alive, batches = drawn
    facts, sums = counted(batches)
    right: Sums = {}
    for life in alive:
        assert facts[life.contact_id] == fact_of(life)
        add_change(right, NOTHING, fact_of(life))
    assert sums == right


@given(lives())
def test_a_fact_is_the_same_after_it_was_stored(life: Life) -> None:
    stored = msgspec.json.encode(fact_of(life))
    assert msgspec.json.decode(stored, type=Fact) == fact_of(life)


@given(lives())
def test_a_fact_holds_nothing_that_a_customer_wrote(life: Life) -> None:
    assert b"hello" not in msgspec.json.encode(fact_of(life))
