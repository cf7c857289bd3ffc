"""An offer that is declined: who is asked next, when the same agent is asked again, and what then."""

from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.routing.application.commands.make_offers import Limits
from services.routing.entrypoints.jobs import JOBS, Context
from shared.contracts.routing import (
    ContactQueued,
    OfferMade,
    Presence,
    QueuedReason,
)
from shared.jobs.periodic import periodic_jobs
from shared.jobs.signals import Signals
from shared.kernel.clock import SystemClock
from shared.kernel.errors import Invalid
from tests.integration.routing.api import settings_at
from tests.integration.routing.test_path import wrote_again
from tests.integration.routing.world import World
from tests.support.eventually import eventually
from tests.support.kafka import running


async def declines(world: World, contact_id: UUID, agent_id: str = "ann") -> bool:
    """A pass is made and, if the contact is offered to the agent, declined; whether it was."""
    await world.dispatch()
    sql = "select offer_id from offer where contact_id = $1 and agent_id = $2 and slot is not null"
    offered = await world.rows(sql, contact_id, agent_id)
    for row in offered:
        await world.decline(agent_id, row["offer_id"])
    return bool(offered)


async def asked_at(world: World, contact_id: UUID, seconds: int) -> list[int]:
    """When the only agent, who declines whatever comes, is offered the contact: seconds from now."""
    moments = []
    for second in range(seconds):
        if await declines(world, contact_id):
            moments.append(second)
        world.clock.advance(1)
    return moments


async def test_who_declines_is_not_asked_again_at_once(world: World) -> None:
    await world.queue()
    await world.agent()
    contact_id = await world.receive()
    for _ in range(112):
        await declines(world, contact_id)
        world.clock.advance(0.08)
    assert len(await world.published(OfferMade)) == 1


async def test_the_pause_doubles_until_it_is_the_longest(world: World) -> None:
    await world.queue()
    await world.agent()
    contact_id = await world.receive()
    asked = await asked_at(world, contact_id, 10 + 20 + 40 + 80 + 160 + 300 + 300 + 1)
    pauses = [later - earlier for earlier, later in pairwise(asked)]
    assert pauses == [10, 20, 40, 80, 160, 300, 300]


async def test_an_agent_who_becomes_able_is_offered_it_at_once(world: World) -> None:
    await world.queue()
    await world.agent()
    contact_id = await world.receive()
    assert await declines(world, contact_id)
    await world.agent("bob")
    await world.dispatch()
    assert (await world.offer_of(contact_id))["agent_id"] == "bob"


async def test_during_the_pause_the_agent_is_offered_what_else_there_is(world: World) -> None:
    await world.queue()
    await world.agent()
    contact_id = await world.receive()
    assert await declines(world, contact_id)
    other = await world.receive()
    await world.dispatch(Limits(per_group=1, in_all=1))
    assert (await world.offer_of(other))["agent_id"] == "ann"


async def test_an_offer_let_expire_begins_a_pause_and_one_withdrawn_does_not(world: World) -> None:
    await world.queue()
    await world.agent()
    contact_id = await world.receive()
    await world.dispatch()
    world.clock.advance(30)
    assert await world.expire() == 1
    world.clock.advance(9)
    assert (await world.dispatch()).offered == 0
    world.clock.advance(1)
    assert (await world.dispatch()).offered == 1
    for presence in (Presence.AWAY, Presence.READY):
        await world.presence("ann", presence)
        await world.expire()
    await world.dispatch()
    assert (await world.offer_of(contact_id))["agent_id"] == "ann"


async def test_a_contact_that_reopens_is_offered_to_those_who_declined_it(world: World) -> None:
    await world.queue()
    await world.agent("ann")
    contact_id = await world.receive()
    assert await declines(world, contact_id)
    await world.agent("bob")
    await world.dispatch()
    await world.accept("bob", (await world.offer_of(contact_id))["offer_id"])
    await world.resolve("bob", contact_id)
    await world.presence("bob", Presence.OFFLINE)
    await world.consume(wrote_again(contact_id, world))
    await world.dispatch()
    assert (await world.offer_of(contact_id))["agent_id"] == "ann"


async def decline_until_the_pause_is_the_longest(world: World, contact_id: UUID) -> None:
    for pause in (10, 20, 40, 80, 160, 300):
        assert await declines(world, contact_id)
        world.clock.advance(pause)


async def test_what_is_declined_again_and_again_is_seen_by_operators(world: World) -> None:
    await world.queue()
    await world.agent()
    contact_id = await world.receive()

    async def shown() -> float:
        await world.forecast()
        found = REGISTRY.get_sample_value("rapport_contacts_declined", {"queue": "general"})
        assert found is not None
        return found

    with capture_logs() as logs:
        await asked_at(world, contact_id, 10 + 20 + 40 + 80 + 160)
        assert (await shown(), logs) == (0, [])
        await asked_at(world, contact_id, 301)
    assert await shown() == 1
    [warning] = logs
    assert (warning["contact_id"], warning["overflow"]) == (str(contact_id), None)


async def test_an_overflow_queue_takes_what_everybody_declines(world: World) -> None:
    await world.queue("managers", topics=(), skills={"managing": 1})
    await world.queue("general", overflow_queue_id="managers")
    await world.agent("ann")
    await world.agent("boss", skills={"managing": 3}, languages=("te",))
    contact_id = await world.receive()
    await decline_until_the_pause_is_the_longest(world, contact_id)
    assert (await world.contact(contact_id))["queue_id"] == "managers"
    queued = (await world.published(ContactQueued))[-1]
    assert (queued.queue_id, queued.reason) == ("managers", QueuedReason.OVERFLOWED)
    assert queued.rule == "declined by everybody in general: on to managers"
    await world.dispatch()
    assert (await world.offer_of(contact_id))["agent_id"] == "boss"


async def test_in_the_overflow_queue_the_same_agent_is_still_in_their_pause(world: World) -> None:
    await world.queue("second", topics=())
    await world.queue("general", overflow_queue_id="second")
    await world.agent()
    contact_id = await world.receive()
    for pause in (10, 20, 40, 80, 160, 0):
        assert await declines(world, contact_id)
        world.clock.advance(pause)
    assert await asked_at(world, contact_id, 311) == [300, 310]


async def test_an_overflow_queue_is_another_queue_that_there_is(world: World) -> None:
    for other in ("general", "nowhere"):
        with pytest.raises(Invalid):
            await world.queue("general", overflow_queue_id=other)
    assert await world.rows("select from queue") == []


async def test_the_dispatcher_wakes_when_a_pause_is_over(world: World, tmp_path: Path) -> None:
    await world.queue()
    await world.agent()
    contact_id = await world.receive()
    settings = settings_at(tmp_path, dispatch_seconds=3_600)
    clock = SystemClock()
    signals = Signals(world.database)
    dispatcher = periodic_jobs(JOBS, Context(world.database, clock, settings), signals)[
        "dispatcher"
    ]
    assert await declines(world, contact_id)
    over = "update contact set declined = jsonb_set(declined, '{ann,ask_again_at}', to_jsonb($1::text))"

    async with world.database.transaction() as tx:
        await tx.execute(
            "set local session_replication_role = replica"
        )  # by hand: nothing is published
        soon = clock.now() + timedelta(seconds=1)
        await tx.execute(over, soon.isoformat())
    async with running(signals, dispatcher):

        async def offered() -> bool:
            return bool(await world.rows("select from offer where state = 'open'"))

        assert not await offered()
        await eventually(offered, within=20)
