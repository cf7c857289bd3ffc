"""Presence: kept through a new definition, and lost by who lets too many offers expire."""

import msgspec
import pytest

from services.routing.domain.agents.presence import keep_presence, unresponsive
from shared.contracts.routing import AgentChanged, AgentPersonal, Presence
from tests.support.clock import NOON

ANN = AgentChanged(
    agent_id="ann",
    presence=Presence.READY,
    skills={},
    languages=("en",),
    capacity={},
    authorities=(),
    changed_at=NOON,
    personal=AgentPersonal(name="Ann"),
)


@pytest.mark.parametrize("presence", Presence)
def test_a_new_definition_leaves_presence_alone(presence: Presence) -> None:
    known = msgspec.structs.replace(ANN, presence=presence)
    assert keep_presence(ANN, known).presence is presence


def test_who_is_new_is_offline() -> None:
    assert keep_presence(ANN, None).presence is Presence.OFFLINE


def test_only_who_lets_too_many_offers_expire_in_a_row_is_set_away() -> None:
    assert unresponsive({"ann": 1, "bob": 2, "cem": 3}, 2) == ["bob", "cem"]
