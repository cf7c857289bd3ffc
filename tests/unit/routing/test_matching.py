"""The match: laws that hold for every pool of agents, and the same answers as the plain way of saying it."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import given

from services.routing.domain.agents.model import Agent
from services.routing.domain.matching.match import MAX_CANDIDATES, match
from services.routing.domain.matching.model import Placement, Waiting
from services.routing.domain.matching.order import place_in_line
from shared.contracts.routing import PassedOver, Presence
from shared.contracts.values import Channel
from shared.kernel.ids import stable_id
from tests.support.clock import NOON
from tests.unit.routing import pools
from tests.unit.routing.oracle import expected, may, skilled


def agent(name: str, *, idle: int = 0, slots: int = 1, **more: object) -> Agent:
    fields = {
        "agent_id": name,
        "presence": Presence.READY,
        "idle_since": NOON - timedelta(minutes=idle),
        "languages": ("en",),
        "free": {Channel.EMAIL: tuple(range(1, slots + 1))},
    }
    return Agent(**(fields | more))  # type: ignore[arg-type]  # a builder for tests


def contact(name: str = "c", **more: object) -> Waiting:
    fields = {
        "contact_id": stable_id(name),
        "queue_id": "general",
        "channel": Channel.EMAIL,
        "language": "en",
        "received_at": NOON,
    }
    return Waiting(**(fields | more))  # type: ignore[arg-type]  # a builder for tests


@given(pools.waiting, pools.agents)
def test_the_decision_equals_the_plain_way_of_saying_it(
    waiting: list[Waiting], agents: list[Agent]
) -> None:
    wanted = expected(waiting, agents, NOON)
    found = match(waiting, agents, NOON)
    chosen = {c: next(a for a, why in w.items() if why is None) for c, w in wanted.items()}
    assert {placed.contact_id: placed.agent_id for placed in found} == chosen
    for placed in found:
        reasons = wanted[placed.contact_id]
        assert placed.passed_over == Counter(why for why in reasons.values() if why)
        named = {each.agent_id: each.passed_over for each in placed.candidates}
        assert named.items() <= reasons.items()
        assert len(named) == min(MAX_CANDIDATES, len(agents))


@given(pools.waiting, pools.agents)
def test_nobody_is_above_capacity_or_authority_and_no_contact_is_placed_twice(
    waiting: list[Waiting], agents: list[Agent]
) -> None:
    placed = match(waiting, agents, NOON)
    contacts = {each.contact_id: each for each in waiting}
    people = {each.agent_id: each for each in agents}
    slots = Counter((p.agent_id, contacts[p.contact_id].channel, p.slot) for p in placed)
    assert set(slots.values()) <= {1}
    assert len({p.contact_id for p in placed}) == len(placed)
    for p in placed:
        who, what = people[p.agent_id], contacts[p.contact_id]
        assert p.slot in who.free[what.channel]
        assert who.presence is Presence.READY
        assert skilled(what, who)
        assert who.agent_id not in what.excluded
        if what.need is not None:
            assert may(who, what.need, NOON)
            assert (p.authority_limit or 0) >= what.need.amount


@given(pools.waiting, pools.agents)
def test_the_explanation_covers_every_agent_exactly_once(
    waiting: list[Waiting], agents: list[Agent]
) -> None:
    for placed in match(waiting, agents, NOON):
        assert sum(placed.passed_over.values()) + 1 == len(agents)
        names = [each.agent_id for each in placed.candidates]
        assert len(set(names)) == len(names)
        assert names[0] == placed.agent_id
        assert [each.passed_over is None for each in placed.candidates].count(True) == 1


@given(pools.waiting, pools.agents)
def test_nothing_is_left_waiting_that_could_be_placed(
    waiting: list[Waiting], agents: list[Agent]
) -> None:
    placed = match(waiting, agents, NOON)
    used = Counter((p.agent_id, _channel(waiting, p)) for p in placed)
    rest = [
        replace(each, free={c: s[used[each.agent_id, c] :] for c, s in each.free.items()})
        for each in agents
    ]
    left = [each for each in waiting if each.contact_id not in {p.contact_id for p in placed}]
    assert match(left, rest, NOON) == []


@given(pools.waiting, pools.agents)
def test_the_order_in_which_they_are_given_changes_nothing(
    waiting: list[Waiting], agents: list[Agent]
) -> None:
    assert match(waiting[::-1], agents[::-1], NOON) == match(waiting, agents, NOON)


def _channel(waiting: list[Waiting], placed: Placement) -> Channel:
    return next(each.channel for each in waiting if each.contact_id == placed.contact_id)


def test_reopened_work_goes_before_the_promise_then_priority_then_age() -> None:
    soon, later = NOON + timedelta(minutes=1), NOON + timedelta(minutes=9)
    line = [
        contact("reopened", precedence=True, promise_due_at=later, priority=9),
        contact("soon", promise_due_at=soon, priority=9),
        contact("urgent", promise_due_at=later, priority=1),
        contact("older", promise_due_at=later, received_at=NOON - timedelta(hours=1)),
        contact("newer", promise_due_at=later),
        contact("unpromised", priority=1),
    ]
    shuffled = [line[n] for n in (3, 0, 5, 2, 4, 1)]
    assert sorted(shuffled, key=place_in_line) == line


def test_the_longest_idle_is_chosen_and_then_stands_at_the_end() -> None:
    pool = [agent("busy", idle=1, slots=3), agent("idle", idle=9, slots=3)]
    line = [contact(str(n), received_at=NOON + timedelta(seconds=n)) for n in range(4)]
    chosen = [placed.agent_id for placed in match(line, pool, NOON)]
    assert chosen == ["idle", "busy", "idle", "busy"]


def test_the_previous_agent_is_preferred_only_when_free() -> None:
    reopened = contact(preferred_agent="previous")
    free = [agent("idle", idle=9), agent("previous")]
    assert match([reopened], free, NOON)[0].agent_id == "previous"
    full = [agent("idle", idle=9), agent("previous", slots=0)]
    placed = match([reopened], full, NOON)[0]
    assert placed.agent_id == "idle"
    assert placed.passed_over == {PassedOver.CAPACITY: 1}


def test_who_declined_is_asked_again_only_when_everybody_able_has() -> None:
    asked = contact(declined=frozenset({"a"}))
    assert match([asked], [agent("a", idle=9), agent("b")], NOON)[0].agent_id == "b"
    assert match([asked], [agent("a"), agent("b", slots=0)], NOON) == []
    assert match([asked], [agent("a")], NOON)[0].agent_id == "a"


def test_who_declined_is_asked_again_at_the_end_of_the_pause_and_not_before_it() -> None:
    def paused(seconds: int) -> Waiting:
        moment = NOON + timedelta(seconds=seconds)
        return contact(declined=frozenset({"a"}), ask_again_at={"a": moment})

    assert match([paused(1)], [agent("a")], NOON) == []
    assert match([paused(0)], [agent("a")], NOON)[0].agent_id == "a"
    assert match([paused(1)], [agent("a"), agent("b")], NOON)[0].agent_id == "b"


def test_who_escalated_is_never_asked_again() -> None:
    assert match([contact(excluded=frozenset({"a"}))], [agent("a")], NOON) == []


def test_a_language_that_nobody_speaks_is_not_asked_for() -> None:
    rare = contact(language="mn")
    assert match([rare], [agent("a")], NOON)[0].agent_id == "a"
    away = agent("bat", languages=("mn",), presence=Presence.AWAY)
    assert match([rare], [agent("a"), away], NOON) == []


def test_at_most_twenty_are_named_the_nearest_first_and_all_are_counted() -> None:
    pool = [agent(f"near-{n:02}", idle=50 - n) for n in range(15)]
    pool += [agent(f"far-{n:02}", presence=Presence.AWAY) for n in range(15)]
    placed = match([contact()], pool, NOON)[0]
    assert placed.passed_over == {PassedOver.PRESENCE: 15, PassedOver.LESS_FIT: 14}
    reasons = [each.passed_over for each in placed.candidates]
    assert reasons == [None] + [PassedOver.LESS_FIT] * 14 + [PassedOver.PRESENCE] * 5
