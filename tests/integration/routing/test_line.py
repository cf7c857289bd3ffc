"""The line on a real database: who is looked at first, and that nobody hides anybody."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from services.routing.adapters.db import matching
from services.routing.application.commands.make_offers import Limits
from shared.contracts.intake import PromiseBasis, PromiseMade
from shared.contracts.routing import OfferMade, QueueTopic
from shared.contracts.values import Channel
from shared.database.database import Tx
from shared.kernel.ids import new_id
from tests.integration.routing.world import REFUND, World, refund


def promise(world: World, seconds: int) -> PromiseMade:
    due_at = world.clock.now() + timedelta(seconds=seconds)
    return PromiseMade(promise_id=new_id(), due_at=due_at, basis=PromiseBasis.FORECAST)


async def test_the_promise_that_ends_first_is_served_first_however_they_came(world: World) -> None:
    await world.queue()
    wanted = [30, 10, 20, 40]
    contacts = {s: world.received(promise=promise(world, s)) for s in wanted}
    await world.consume(*contacts.values())
    await world.agent(slots=3)
    await world.dispatch(Limits(per_group=3, in_all=3))
    made = [each.contact_id for each in await world.published(OfferMade)]
    assert made == [contacts[s].contact_id for s in (10, 20, 30)]


async def test_contacts_nobody_can_take_do_not_hide_those_behind_them(world: World) -> None:
    await world.queue()
    early = promise(world, 1)
    await world.consume(*(world.received(need=refund(9_000), promise=early) for _ in range(5)))
    behind = await world.receive()
    await world.agent(authorities=(REFUND,))
    await world.dispatch(Limits(per_group=2))
    assert (await world.offer_of(behind))["agent_id"] == "ann"


async def test_a_thousand_contacts_nobody_may_grant_do_not_starve_who_is_able(
    world: World,
) -> None:
    await world.queue()
    early = promise(world, 1)
    beyond = [world.received(need=refund(5_001 + n), promise=early) for n in range(1_200)]
    await world.consume(*beyond)
    behind = await world.receive(need=refund(5_000))
    without_need = await world.receive()
    await world.agent(authorities=(REFUND,), slots=2)
    assert (await world.dispatch()).offered == 2
    for contact_id in (behind, without_need):
        assert (await world.offer_of(contact_id))["agent_id"] == "ann"


async def test_queues_that_nobody_present_is_skilled_for_do_not_starve_the_others(
    world: World,
) -> None:
    await world.queue()
    early = promise(world, 1)
    for number in range(5):
        topics = (QueueTopic(topic=f"law-{number}"),)
        await world.queue(f"law-{number}", topics=topics, skills={f"law-{number}": 1})
        await world.receive(topic=f"law-{number}", promise=early)
    behind = await world.receive()
    await world.agent()
    await world.dispatch(Limits(in_all=3))
    assert (await world.offer_of(behind))["agent_id"] == "ann"


async def test_contacts_that_an_agent_escalated_do_not_hide_from_them_those_behind(
    world: World,
) -> None:
    await world.queue()
    await world.agent(slots=5)
    for _ in range(3):
        contact_id = await world.assigned(promise=promise(world, 1))
        await world.escalate("ann", contact_id)
    behind = await world.receive()
    await world.dispatch(Limits(per_group=2))
    assert (await world.offer_of(behind))["agent_id"] == "ann"


async def test_contacts_left_to_a_busy_colleague_do_not_hide_those_behind_them(
    world: World,
) -> None:
    await world.queue()
    await world.agent("ann", slots=5)
    early = promise(world, 1)
    contacts = [await world.receive(promise=early) for _ in range(3)]
    await world.dispatch()
    for contact_id in contacts:
        await world.decline("ann", (await world.offer_of(contact_id))["offer_id"])
    await world.agent("bob", slots=0)
    world.clock.advance(3_600)
    behind = await world.receive()
    await world.dispatch(Limits(per_group=2))
    assert (await world.offer_of(behind))["agent_id"] == "ann"


async def test_capacity_is_counted_for_each_channel(world: World) -> None:
    await world.queue()
    await world.agent(capacity={Channel.EMAIL: 1, Channel.CHAT: 1})
    await world.consume(*(world.received(channel=c) for c in (Channel.EMAIL, Channel.CHAT) * 2))
    assert (await world.dispatch()).offered == 2
    held = await world.rows("select channel from offer where slot is not null order by channel")
    assert [row["channel"] for row in held] == ["chat", "email"]


async def test_a_spent_budget_counts_when_agents_are_chosen(world: World) -> None:
    await world.queue()
    await world.agent(authorities=(REFUND,), slots=9)
    contact_id = await world.assigned()
    await world.act("ann", contact_id, refund(5_000))
    await world.receive(need=refund(4_000))
    assert (await world.dispatch()).offered == 0
    world.clock.advance(24 * 3_600)
    assert (await world.dispatch()).offered == 1


async def test_an_offer_is_made_when_its_slot_is_held_and_not_when_the_pass_began(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = matching.lock_slots

    async def hold_in_the_end(tx: Tx, slots: Iterable[matching.Slot]) -> set[matching.Slot]:
        held = await hold(tx, slots)
        world.clock.advance(3)
        return held

    monkeypatch.setattr(matching, "lock_slots", hold_in_the_end)
    await world.queue()
    await world.agent()
    contact_id = await world.receive()
    await world.dispatch()
    assert (await world.offer_of(contact_id))["made_at"] == world.clock.now()


async def test_a_rush_is_placed_in_several_passes(world: World) -> None:
    await world.queue()
    await world.agent(slots=9)
    await world.consume(*(world.received() for _ in range(7)))
    passes = [await world.dispatch(Limits(per_group=3)) for _ in range(4)]
    assert [(each.offered, each.again) for each in passes] == [
        (3, True),
        (3, True),
        (1, False),
        (0, False),
    ]
