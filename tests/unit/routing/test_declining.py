"""The pause before an agent is asked again: it grows, has an end, and forgets nobody."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.routing.domain.agents.decline_pauses import Declined, Pauses, count_anew, decline
from tests.support.clock import NOON

SECONDS = st.floats(0.1, 86_400)
pauses = st.builds(Pauses.of_seconds, SECONDS, SECONDS)


@given(pauses, st.integers(1, 10_000))
def test_a_pause_never_shrinks_and_never_exceeds_the_longest(each: Pauses, times: int) -> None:
    assert timedelta(0) < each.after(times) <= each.after(times + 1) <= each.longest


@given(pauses, st.integers(1, 10_000))
def test_the_pause_is_the_longest_from_a_known_time_on(each: Pauses, times: int) -> None:
    assert (each.after(times) == each.longest) == (times >= each.until_longest)


@given(st.lists(st.sampled_from(("ann", "bob")), max_size=9))
def test_every_agent_has_a_count_and_a_pause_of_their_own(agents: list[str]) -> None:
    known: dict[str, Declined] = {}
    for agent_id in agents:
        known = decline(known, agent_id, NOON, Pauses())
    for agent_id in set(agents):
        times = agents.count(agent_id)
        assert known[agent_id] == Declined(times, NOON + Pauses().after(times))
    assert known.keys() == set(agents)


def test_who_is_counted_anew_waits_out_the_pause_and_begins_with_the_first() -> None:
    known = {"ann": Declined(6, NOON + timedelta(minutes=5))}
    anew = count_anew(known)
    assert anew["ann"].ask_again_at == known["ann"].ask_again_at
    again = decline(anew, "ann", NOON, Pauses())
    assert again["ann"] == Declined(1, NOON + Pauses().first)
