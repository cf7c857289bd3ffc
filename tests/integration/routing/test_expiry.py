"""Of a contact that has expired nothing stays, and nothing that comes late or again brings it back."""

import asyncio
from random import Random
from typing import Any
from uuid import UUID

import pytest

from services.routing.entrypoints.consumer import subscriptions
from shared.contracts.event import Event
from shared.contracts.followup import ResolutionConfirmed, ResolutionRefuted
from shared.contracts.intake import ContactExpired, MessageSent
from shared.contracts.values import MessageKind
from shared.kernel.errors import Missing
from shared.kernel.ids import new_id
from tests.integration.routing.test_path import settled, wrote_again
from tests.integration.routing.world import REFUND, World, consumed, refund
from tests.support.eventually import eventually

OF_A_CONTACT = ("contact", "offer", "message", "help_step", "note", "action", "resolution")


def expired(contact_id: UUID, world: World) -> ContactExpired:
    return ContactExpired(contact_id=contact_id, expired_at=world.clock.now())


def sent(contact_id: UUID, world: World) -> MessageSent:
    now = world.clock.now()
    return MessageSent(
        contact_id=contact_id, message_id=new_id(), kind=MessageKind.CHECK_IN, sent_at=now
    )


async def counts(world: World, contact_id: UUID) -> dict[str, int]:
    found = {
        table: (await world.rows(f"select from {table} where contact_id = $1", contact_id))
        for table in OF_A_CONTACT
    }
    return {table: len(rows) for table, rows in found.items()}


async def a_whole_contact(world: World) -> tuple[UUID, UUID]:
    """One with something in every table, resolved; and the resolution."""
    await world.queue()
    await world.agent(authorities=(REFUND,))
    contact_id = await world.assigned()
    await world.act("ann", contact_id, refund(100))
    await world.rows(
        "insert into help_step select $1, $2, 'ann', 'hear', 'x', $3",
        new_id(),
        contact_id,
        world.clock.now(),
    )
    await world.rows(
        "insert into note select $1, $2, 'ann', 'x', $3", new_id(), contact_id, world.clock.now()
    )
    resolution_id = await world.resolve("ann", contact_id)
    await world.end_wrap_up("ann", contact_id)
    return contact_id, resolution_id


async def test_nothing_of_it_stays_but_what_was_spent_that_day(world: World) -> None:
    contact_id, _ = await a_whole_contact(world)
    other = await world.receive()
    assert 0 not in (await counts(world, contact_id)).values()
    published = await world.outbox()
    await world.consume(expired(contact_id, world))
    assert await counts(world, contact_id) == dict.fromkeys(OF_A_CONTACT, 0)
    assert (await counts(world, other))["contact"] == 1
    [day] = await world.rows("select spent from authority_day")
    assert day["spent"] == 100
    assert await world.outbox() == published


async def test_one_that_waits_or_is_with_an_agent_is_kept(world: World) -> None:
    await world.queue()
    await world.agent(slots=3)
    assigned, offered = await world.assigned(), await world.receive()
    await world.dispatch()
    wrapping = await world.assigned()
    await world.resolve("ann", wrapping)
    waiting = await world.receive()
    kept = [assigned, offered, wrapping, waiting]
    await world.consume(*(expired(contact_id, world) for contact_id in kept))
    assert [(await counts(world, contact_id))["contact"] for contact_id in kept] == [1, 1, 1, 1]
    await world.resolve("ann", assigned)


async def test_who_looks_for_an_old_offer_while_its_contact_expires_finds_none(
    world: World,
) -> None:
    contact_id, _ = await a_whole_contact(world)
    [offer] = await world.rows("select offer_id from offer where contact_id = $1", contact_id)
    [subscription] = subscriptions(world.clock)
    async with world.database.transaction() as tx:
        await subscription.handle(tx, [consumed(expired(contact_id, world))])
        accepting = asyncio.create_task(world.accept("ann", offer["offer_id"]))
        await eventually(lambda: somebody_waits(world))
    with pytest.raises(Missing):
        await accepting


async def somebody_waits(world: World) -> None:
    assert await world.rows("select from pg_locks where not granted")


async def test_all_that_comes_late_or_again_changes_nothing(world: World) -> None:
    await world.queue()
    await world.agent()
    received = world.received()
    await world.consume(received, expired(received.contact_id, world))
    late = late_events(world, received)
    for event in late:
        await world.consume(event)
    await world.consume(*late)
    await world.dispatch()
    assert await counts(world, received.contact_id) == dict.fromkeys(OF_A_CONTACT, 0)
    assert await about(world, received.contact_id) == []


def late_events(world: World, received: Any) -> list[Event]:
    contact_id, resolution_id = received.contact_id, new_id()
    return [
        received,
        wrote_again(contact_id, world),
        sent(contact_id, world),
        settled(ResolutionConfirmed, contact_id, resolution_id, world),
        settled(ResolutionRefuted, contact_id, resolution_id, world),
        expired(contact_id, world),
    ]


async def about(world: World, contact_id: UUID) -> list[Event]:
    published = [each.data for each in await world.outbox()]
    return [each for each in published if getattr(each, "contact_id", None) == contact_id]


async def test_in_whatever_order_and_batches_it_is_gone_once_its_expiry_was_consumed(
    world: World,
) -> None:
    await world.queue()
    for seed in range(40):
        random, received = Random(seed), world.received(automatic=True, promise=None)
        events = 2 * late_events(world, received)
        random.shuffle(events)
        await in_batches(world, received.contact_id, events, random)
        assert await counts(world, received.contact_id) == dict.fromkeys(OF_A_CONTACT, 0)


async def in_batches(world: World, contact_id: UUID, events: list[Event], random: Random) -> None:
    """Nothing is published of the contact by a batch with its expiry, or by a later one."""
    is_gone, published = False, await about(world, contact_id)
    while events:
        size = random.randint(1, 4)
        batch, events = events[:size], events[size:]
        is_gone = is_gone or any(isinstance(event, ContactExpired) for event in batch)
        await world.consume(*batch)
        before, published = published, await about(world, contact_id)
        assert published == before or not is_gone
