"""The time to an offer runs from when both could be had: who waits, and who may be asked."""

from prometheus_client import REGISTRY

from shared.contracts.routing import Presence
from tests.integration.routing.world import World


async def taken(world: World) -> float | None:
    """Seconds to the offer that a pass makes now; None if it makes none."""
    before = _measured()
    made = await world.dispatch()
    count, total = (now - then for now, then in zip(_measured(), before, strict=True))
    assert count == made.offered <= 1
    return round(total, 6) if count else None


def _measured() -> tuple[float, float]:
    name = "rapport_time_to_offer_seconds"
    count, total = (REGISTRY.get_sample_value(f"{name}_{each}") for each in ("count", "sum"))
    assert count is not None
    assert total is not None
    return count, total


async def test_who_waits_for_an_agent_is_not_late_before_the_agent_comes(world: World) -> None:
    await world.queue()
    await world.receive()
    world.clock.advance(600)
    await world.agent()
    world.clock.advance(3)
    assert await taken(world) == 3


async def test_an_agent_who_is_idle_is_not_late_before_a_contact_comes(world: World) -> None:
    await world.queue()
    await world.agent()
    world.clock.advance(600)
    await world.receive()
    world.clock.advance(2)
    assert await taken(world) == 2


async def test_a_contact_that_was_declined_waits_anew(world: World) -> None:
    await world.queue()
    await world.agent("ann")
    contact_id = await world.receive()
    await world.dispatch()
    await world.agent("ben")
    world.clock.advance(20)
    await world.decline("ann", (await world.offer_of(contact_id))["offer_id"])
    world.clock.advance(1)
    assert await taken(world) == 1


async def test_who_declined_cannot_be_asked_before_the_pause_is_over(world: World) -> None:
    await world.queue()
    await world.agent()
    contact_id = await world.receive()
    await world.dispatch()
    await world.decline("ann", (await world.offer_of(contact_id))["offer_id"])
    pause = 0
    while (late := await taken(world)) is None:
        world.clock.advance(1)
        pause += 1
    assert pause > 1
    assert late < 1


async def test_an_agent_who_was_away_is_asked_from_when_they_came_back(world: World) -> None:
    await world.queue()
    await world.agent()
    await world.presence("ann", Presence.AWAY)
    await world.receive()
    world.clock.advance(300)
    await world.presence("ann", Presence.READY)
    world.clock.advance(4)
    assert await taken(world) == 4


async def test_contacts_for_which_there_is_no_queue_are_shown(world: World) -> None:
    await world.receive()
    await world.forecast()
    assert REGISTRY.get_sample_value("rapport_contacts_unplaced") == 1
    await world.queue()
    await world.forecast()
    assert REGISTRY.get_sample_value("rapport_contacts_unplaced") == 0
