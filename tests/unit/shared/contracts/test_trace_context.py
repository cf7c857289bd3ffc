"""W3C trace context: what may be continued, and what a broken one costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.trace_context import MAX_STATE, TraceContext, read_trace

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"


def state_of(*values: str) -> str:
    found = read_trace([PARENT], values)
    assert found is not None
    assert found.parent == PARENT
    return found.state


def test_a_context_is_read_as_it_was_written() -> None:
    assert read_trace([PARENT], ["vendor=1"]) == TraceContext(PARENT, "vendor=1")
    assert read_trace([f"00-{TRACE}-{SPAN}-00"]) == TraceContext(f"00-{TRACE}-{SPAN}-00")


def test_blanks_around_it_do_not_matter() -> None:
    assert read_trace([f" \t{PARENT} "]) == TraceContext(PARENT)


def test_of_the_flags_only_sampled_is_passed_on() -> None:
    assert read_trace([f"00-{TRACE}-{SPAN}-ff"]) == TraceContext(PARENT)
    assert read_trace([f"00-{TRACE}-{SPAN}-02"]) == TraceContext(f"00-{TRACE}-{SPAN}-00")


@pytest.mark.parametrize("more", ["", "-", "-anything at all"])
def test_a_later_version_is_continued_as_version_00(more: str) -> None:
    assert read_trace([f"cc-{TRACE}-{SPAN}-01{more}"]) == TraceContext(PARENT)


@pytest.mark.parametrize(
    "parent",
    [
        "",
        "nonsense",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01-",
        f"00-{TRACE}-{SPAN}-1",
        f"cc-{TRACE}-{SPAN}-01more",
        f"0-{TRACE}-{SPAN}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"{PARENT}\n",
        f"{PARENT},{PARENT}",
        "x" * 100_000,
    ],
)
def test_a_parent_that_breaks_a_rule_is_none(parent: str) -> None:
    assert read_trace([parent]) is None


def test_two_parents_are_none_even_if_they_are_the_same() -> None:
    assert read_trace([PARENT, PARENT]) is None
    assert read_trace([]) is None


def test_a_state_over_several_headers_is_one_list() -> None:
    assert state_of("a=1, b=2", "", "c=3") == "a=1,b=2,c=3"


@pytest.mark.parametrize(
    "state",
    [
        "=,;\x00bad",
        "novalue",
        "a=1,a=2",
        "A=1",
        "a=",
        "a=1=2",
        "a=\u00e9",
        f"{'k' * 257}=1",
        f"a={'v' * 257}",
        ",".join(f"k{number}=1" for number in range(33)),
        "a=1," * 50_000,
    ],
)
def test_a_broken_state_costs_nothing_but_itself(state: str) -> None:
    assert state_of(state) == ""


@pytest.mark.parametrize("state", ["a=1", "fw529a3039@dt=FfffffCRbD", "0tenant@sys=x", "a= 1"])
def test_a_state_by_the_rules_is_kept(state: str) -> None:
    assert state_of(state) == state


def test_a_long_state_loses_long_members_first_and_then_the_last() -> None:
    short = [f"k{number}={'v' * 60}" for number in range(9)]
    long = f"long={'v' * 200}"
    assert state_of(",".join([long, *short[:3]])) == ",".join([long, *short[:3]])
    kept = state_of(",".join([long, *short]))
    assert kept == ",".join(short[:8])
    assert len(kept) <= MAX_STATE


@given(st.lists(st.text(max_size=80), max_size=3), st.lists(st.text(max_size=600), max_size=3))
def test_whatever_comes_the_result_can_be_passed_on(parents: list[str], states: list[str]) -> None:
    found = read_trace(parents or [PARENT], states)
    if found is not None:
        assert read_trace([found.parent], [found.state]) == found
