"""Facts are a join-semilattice, and sums follow them: the reason why replay equals live."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.domain.facts import JOINS, NOTHING, Fact, merge
from services.analytics.domain.observing import observe
from services.analytics.domain.rollups import Sums, add_change
from tests.support.life import Life
from tests.unit.analytics.histories import Batches, arrivals, counted, fact_of, lives


@st.composite
def pieces(draw: st.DrawFn) -> list[Fact]:
    """Three pieces of knowledge about one contact that may overlap."""
    told = [observe(incoming.data, incoming.id) for incoming in draw(lives()).incoming()]
    chosen = st.lists(st.sampled_from(told), max_size=6)
    return [_all(draw(chosen)) for _ in range(3)]


def _all(facts: list[Fact]) -> Fact:
    whole = NOTHING
    for fact in facts:
        whole = merge(whole, fact)
    return whole


@given(pieces())
def test_merging_is_commutative_associative_and_idempotent(three: list[Fact]) -> None:
    a, b, c = three
    assert merge(a, b) == merge(b, a)
    assert merge(merge(a, b), c) == merge(a, merge(b, c))
    assert merge(merge(a, b), b) == merge(a, b)
    assert merge(a, NOTHING) == merge(NOTHING, a) == a


def test_every_field_of_a_fact_says_how_it_is_joined() -> None:
    assert tuple(JOINS) == Fact.__struct_fields__


@given(arrivals())
def test_any_order_with_duplicates_gives_the_same_facts_and_sums(
    told: tuple[list[Life], Batches],
) -> None:
    alive, batches = told
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
