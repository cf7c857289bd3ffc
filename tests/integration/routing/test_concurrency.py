"""Many at once: whoever is second finds that it is done, and nothing is done twice."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any

from services.routing.domain.agents.authority import Refused
from shared.contracts.intake import MessagePersonal, MessageReceived
from shared.contracts.routing import (
    AgentChanged,
    AssignmentStarted,
    OfferMade,
    Presence,
)
from shared.contracts.values import Channel
from shared.kernel.errors import Conflict, Failure
from shared.kernel.ids import new_id
from tests.integration.routing.api import Api
from tests.integration.routing.world import REFUND, World, refund


async def at_once(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """All at once; failures are returned, other errors raised."""
    found = await asyncio.gather(*work, return_exceptions=True)
    for each in found:
        if isinstance(each, BaseException) and not isinstance(each, Failure):
            raise each
    return found


async def test_dispatchers_at_once_never_offer_twice_or_beyond_capacity(world: World) -> None:
    await world.queue()
    for number in range(5):
        await world.agent(f"agent-{number}", slots=3)
    for _ in range(4):
        await world.consume(*(world.received() for _ in range(5)))
        await at_once(*(world.dispatch() for _ in range(4)))
    await world.dispatch()
    made = await world.published(OfferMade)
    assert len(made) == len({offer.contact_id for offer in made}) == 15
    held = Counter(offer.agent_id for offer in made)
    assert set(held.values()) == {3}


async def test_fifty_agents_accept_at_once_and_each_has_one(world: World) -> None:
    await world.queue()
    names = [f"agent-{number:02}" for number in range(50)]
    for name in names:
        await world.agent(name)
    await world.consume(*(world.received() for _ in names))
    await world.dispatch()
    offers = await world.rows("select offer_id, agent_id from offer")
    await at_once(*(world.accept(row["agent_id"], row["offer_id"]) for row in offers))
    started = await world.published(AssignmentStarted)
    assert sorted(each.agent_id for each in started) == names


async def test_one_of_two_accepts_wins(world: World) -> None:
    await world.queue()
    await world.agent()
    contact_id = await world.receive()
    await world.dispatch()
    offer_id = (await world.offer_of(contact_id))["offer_id"]
    found = await at_once(*(world.accept("ann", offer_id) for _ in range(5)))
    assert found.count(None) == 1
    assert all(isinstance(each, Conflict) for each in found if each is not None)
    assert len(await world.published(AssignmentStarted)) == 1


async def test_accept_and_withdrawal_at_once_leave_one_truth(world: World) -> None:
    await world.queue()
    await world.agent()
    contact_id = await world.receive()
    for _ in range(5):
        await world.presence("ann", Presence.READY)
        await world.dispatch()
        offer_id = (await world.offer_of(contact_id))["offer_id"]
        await at_once(
            world.presence("ann", Presence.AWAY), world.accept("ann", offer_id), world.expire()
        )
        await world.expire()
        [states] = await world.rows(
            "select c.state, o.state from contact c join offer o using (contact_id)"
            " where offer_id = $1",
            offer_id,
        )
        assert tuple(states) in (("assigned", "accepted"), ("waiting", "withdrawn"))
        if states[0] == "assigned":
            break


async def test_capacity_lowered_during_dispatch_is_never_exceeded(world: World) -> None:
    await world.queue()
    for contacts in (3, 6, 9, 12, 15):
        await world.agent("ann", slots=3)
        await world.consume(*(world.received() for _ in range(3)))
        lowered, _ = await at_once(lower(world), world.dispatch())
        refused = isinstance(lowered, Conflict)
        held = await world.rows("select from offer where slot is not null")
        assert len(held) <= (3 if refused else 1)
        events = [agent.capacity for agent in await world.published(AgentChanged)]
        assert events[-1] == {Channel.EMAIL: 3 if refused else 1}
        waiting = await world.rows("select from contact where state = 'waiting'")
        assert len(held) + len(waiting) == contacts


async def lower(world: World) -> None:
    await world.agent("ann", slots=1, ready=False)


async def test_actions_at_once_never_spend_more_than_the_day_allows(world: World) -> None:
    await world.queue()
    await world.agent(authorities=(REFUND,), slots=10)
    contacts = [await world.assigned() for _ in range(10)]

    async def act(contact_id: Any) -> Any:
        return await world.act("ann", contact_id, refund(1_500))

    done = await at_once(*(act(contact_id) for contact_id in contacts))
    assert sum(isinstance(each, Refused) for each in done) == 5
    [spent] = await world.rows(
        "select spent, (select sum(amount) from action) as total from authority_day"
    )
    assert (spent["spent"], spent["total"]) == (7_500, 7_500)


async def test_the_same_key_twenty_times_at_once_acts_once(world: World, api: Api) -> None:
    await world.queue()
    await world.agent(authorities=(REFUND,))
    contact_id = await world.assigned()
    body = {"kind": "refund", "amount": 1_000, "currency": "EUR"}
    answers = await at_once(*(api.at(contact_id, "actions", body, key="same") for _ in range(20)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.text for answer in answers if answer.status_code == 201}) == 1
    assert len(await world.rows("select from action")) == 1


async def test_writing_accepting_and_dispatching_at_once_never_wait_in_a_circle(
    world: World,
) -> None:
    await world.queue()
    for number in range(10):
        await world.agent(f"agent-{number}", slots=2)
    contacts = [world.received() for _ in range(20)]
    await world.consume(*contacts)

    def again() -> list[MessageReceived]:
        return [
            MessageReceived(
                contact_id=each.contact_id,
                message_id=new_id(),
                channel=Channel.EMAIL,
                received_at=world.clock.now(),
                personal=MessagePersonal(text="Hello?"),
            )
            for each in contacts
        ]

    async def accept_all() -> None:
        for row in await world.rows("select offer_id, agent_id from offer where state = 'open'"):
            await world.accept(row["agent_id"], row["offer_id"])

    await at_once(
        *(world.consume(*again()[::step]) for step in (1, -1, 1, -1)),
        world.dispatch(),
        accept_all(),
        *(world.presence(f"agent-{number}", Presence.READY) for number in range(10)),
    )
    while (await world.dispatch()).again:
        pass
    live = await world.rows("select from offer where slot is not null")
    assert len(live) == 20
