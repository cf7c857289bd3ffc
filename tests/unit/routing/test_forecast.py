"""The forecast: never made up, never rosier than experience, and right against a simulated queue."""

import random
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.routing.domain.agents.model import Agent
from services.routing.domain.queues.forecast import (
    ENOUGH,
    QueueLoad,
    Recent,
    changed,
    forecast,
    load_of,
)
from shared.contracts.routing import Forecast, Presence
from shared.contracts.values import Channel
from tests.support.clock import NOON
from tests.unit.routing.test_lifecycle import QUEUE

SECONDS = st.lists(st.floats(0, 3_600), min_size=ENOUGH, max_size=30)


def load(**more: Any) -> QueueLoad:
    fields: dict[str, Any] = {
        "waiting": 0,
        "agents_ready": 2,
        "slots": 4,
        "free": 2,
        "handling": (100.0,) * ENOUGH,
        "waits": (5.0,) * ENOUGH,
    }
    return QueueLoad(**(fields | more))


def p(seconds: float) -> Forecast:
    return Forecast(
        wait_seconds_p50=seconds,
        wait_seconds_p80=seconds,
        waiting=0,
        agents_ready=1,
        as_of=NOON,
    )


def test_only_agents_who_are_there_and_able_count_in_a_line() -> None:
    queue = msgspec.structs.replace(QUEUE, skills={"billing": 2}, languages=("en",))

    def agent(agent_id: str, **more: Any) -> Agent:
        fields: dict[str, Any] = {
            "agent_id": agent_id,
            "presence": Presence.READY,
            "idle_since": NOON,
            "skills": {"billing": 2},
            "languages": ("en",),
            "free": {Channel.EMAIL: (1,), Channel.CHAT: (2, 3)},
        }
        return Agent(**(fields | more))

    agents = [
        agent("able"),
        agent("full", free={}),
        agent("away", presence=Presence.AWAY),
        agent("novice", skills={"billing": 1}),
        agent("foreign", languages=("de",)),
    ]
    found = load_of(
        queue,
        agents,
        dict.fromkeys(("able", "full", "away"), 3),
        waiting=7,
        recent=Recent((5.0,), (100.0,)),
    )
    assert (found.waiting, found.agents_ready, found.slots, found.free) == (7, 2, 6, 2)
    assert (found.waits, found.handling) == ((5.0,), (100.0,))


def test_where_too_little_is_known_nothing_is_said() -> None:
    lucky = (0.5,) * (ENOUGH - 1)
    assert forecast(load(agents_ready=0), NOON) is None
    assert forecast(load(waits=()), NOON) is None
    assert forecast(load(waits=lucky), NOON) is None
    assert forecast(load(waits=(*lucky, 60.0)), NOON) is not None
    assert forecast(load(waiting=9, handling=lucky), NOON) is None
    assert forecast(load(waiting=9, handling=(*lucky, 60.0)), NOON) is not None


def test_with_a_free_slot_recent_waits_tell() -> None:
    found = forecast(load(waits=(1.0, 2.0, 3.0, 4.0, 10.0) * 2), NOON)
    assert found is not None
    assert (found.wait_seconds_p50, found.wait_seconds_p80) == (3.0, 10.0)


@given(st.integers(0, 50), st.integers(0, 10), SECONDS, SECONDS)
def test_a_longer_line_never_shortens_the_forecast(
    waiting: int, free: int, handling: list[float], waits: list[float]
) -> None:
    card = {"free": free, "slots": 10, "handling": handling, "waits": waits}
    now = forecast(load(waiting=waiting, **card), NOON)
    then = forecast(load(waiting=waiting + 1, **card), NOON)
    assert now is not None
    assert then is not None
    assert 0 <= now.wait_seconds_p50 <= now.wait_seconds_p80
    assert now.wait_seconds_p50 <= then.wait_seconds_p50
    assert now.wait_seconds_p80 <= then.wait_seconds_p80


def test_the_quantiles_agree_with_a_simulated_line() -> None:
    chance = random.Random(7)
    slots, each, ahead = 4, 100.0, 6
    waits = sorted(
        sum(chance.expovariate(slots / each) for _ in range(ahead)) for _ in range(20_000)
    )
    full = load(
        waiting=ahead - 1, free=0, slots=slots, handling=(each,) * ENOUGH, waits=(0.0,) * ENOUGH
    )
    found = forecast(full, NOON)
    assert found is not None
    assert abs(found.wait_seconds_p50 / waits[10_000] - 1) < 0.03
    assert abs(found.wait_seconds_p80 / waits[16_000] - 1) < 0.03


def test_only_a_change_that_matters_is_published() -> None:
    assert not changed(p(100), p(115))
    assert changed(p(100), p(121))
    assert not changed(p(2), p(6))
    assert changed(p(2), p(8))
    assert changed(None, p(1))
    assert changed(p(1), None)
    assert not changed(None, None)


def test_a_full_line_never_looks_better_than_what_was_lived_through() -> None:
    found = forecast(load(waiting=3, handling=(1.0,) * ENOUGH, waits=(400.0, 500.0) * 5), NOON)
    assert found is not None
    assert (found.wait_seconds_p50, found.wait_seconds_p80) == (500.0, 500.0)
