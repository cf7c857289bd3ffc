"""The path of a contact through routing: queue, offer, assignment, resolution, and back again."""

from uuid import UUID

import pytest

from shared.contracts.event import Event
from shared.contracts.followup import ResolutionConfirmed, ResolutionRefuted, ResolutionUnrefuted
from shared.contracts.intake import MessagePersonal, MessageReceived
from shared.contracts.routing import (
    AgentChanged,
    AssignmentEnded,
    AssignmentOutcome,
    AssignmentStarted,
    ContactQueued,
    ContactReviewed,
    OfferClosed,
    OfferMade,
    OfferOutcome,
    PassedOver,
    Presence,
    QueuedReason,
    QueueTopic,
    ResolutionClaimed,
    ReviewVerdict,
)
from shared.contracts.values import Channel
from shared.kernel.errors import Conflict, Missing
from shared.kernel.ids import new_id
from tests.integration.routing.world import REFUND, TRACE, World, refund


def wrote_again(contact_id: UUID, world: World, *, automatic: bool = False) -> MessageReceived:
    return MessageReceived(
        contact_id=contact_id,
        message_id=new_id(),
        channel=Channel.EMAIL,
        received_at=world.clock.now(),
        personal=MessagePersonal(text="One more thing"),
        automatic=automatic,
    )


def settled(kind: type[Event], contact_id: UUID, resolution_id: UUID, world: World) -> Event:
    return kind(
        contact_id=contact_id,
        resolution_id=resolution_id,
        agent_id="ann",
        settled_at=world.clock.now(),
    )


async def test_a_contact_is_queued_offered_taken_resolved_and_closed(world: World) -> None:
    await world.queue("billing", topics=(QueueTopic(topic="billing", need=refund(100)),))
    await world.agent(authorities=(REFUND,))
    contact_id, resolution_id = await world.resolved()
    await world.consume(settled(ResolutionConfirmed, contact_id, resolution_id, world))
    about = [
        each.data
        for each in await world.outbox()
        if getattr(each.data, "contact_id", 0) == contact_id
    ]
    kinds = [ContactQueued, OfferMade, AssignmentStarted, ResolutionClaimed, AssignmentEnded]
    assert list(map(type, about)) == kinds
    assert (await world.contact(contact_id))["state"] == "closed"
    [queued] = await world.published(ContactQueued)
    assert (queued.reason, queued.need) == (QueuedReason.RECEIVED, refund(100))
    assert queued.rule == "billing takes topic billing, en"
    [claimed] = await world.published(ResolutionClaimed)
    assert (claimed.number, claimed.assignments) == (1, 1)


async def test_everything_published_of_a_contact_continues_the_trace_it_came_with(
    world: World,
) -> None:
    await world.queue()
    await world.agent()
    contact_id, _ = await world.resolved()
    traces = {
        event.trace
        for event in await world.outbox()
        if getattr(event.data, "contact_id", None) == contact_id
    }
    assert traces == {TRACE}


async def test_an_offer_explains_itself(world: World) -> None:
    await world.queue(skills={"billing": 2})
    await world.agent("able", skills={"billing": 3})
    await world.agent("novice", skills={"billing": 1})
    await world.agent("absent", ready=False)
    await world.receive()
    await world.dispatch()
    [made] = await world.published(OfferMade)
    assert made.agent_id == "able"
    assert made.passed_over == {PassedOver.PRESENCE: 1, PassedOver.SKILL: 1}
    assert [each.passed_over for each in made.candidates] == [None, "skill", "presence"]


async def test_automatic_mail_is_recorded_and_not_queued(world: World) -> None:
    await world.queue()
    contact_id = await world.receive(automatic=True, promise=None)
    assert (await world.contact(contact_id))["state"] == "recorded"
    assert await world.published(ContactQueued) == []


async def test_a_contact_that_comes_before_any_queue_is_placed_with_the_first(world: World) -> None:
    contact_id = await world.receive()
    assert (await world.contact(contact_id))["state"] == "unplaced"
    await world.queue()
    assert (await world.contact(contact_id))["state"] == "waiting"


async def test_a_declined_offer_goes_to_another_and_the_contact_keeps_its_place(
    world: World,
) -> None:
    await world.queue()
    for name in ("ann", "bob"):
        await world.agent(name)
    contact_id = await world.receive()
    await world.dispatch()
    await world.decline("ann", (await world.offer_of(contact_id))["offer_id"])
    await world.dispatch()
    assert (await world.offer_of(contact_id))["agent_id"] == "bob"
    [closed] = await world.published(OfferClosed)
    assert (closed.agent_id, closed.outcome) == ("ann", OfferOutcome.DECLINED)


async def test_an_expired_offer_is_made_to_another_and_who_misses_two_is_set_away(
    world: World,
) -> None:
    await world.queue()
    await world.agent("ann")
    await world.agent("bob", ready=False)
    first = await world.receive()
    await world.dispatch()
    world.clock.advance(29)
    assert await world.expire() == 0
    world.clock.advance(1)
    assert await world.expire() == 1
    await world.presence("bob", Presence.READY)
    await world.dispatch()
    assert (await world.offer_of(first))["agent_id"] == "bob"
    await world.receive()
    await world.dispatch()
    world.clock.advance(30)
    await world.expire()
    away = [each for each in await world.published(AgentChanged) if each.presence is Presence.AWAY]
    assert [each.agent_id for each in away] == ["ann"]


async def test_offers_are_withdrawn_from_an_agent_who_leaves(world: World) -> None:
    await world.queue()
    await world.agent()
    contact_id = await world.receive()
    await world.dispatch()
    await world.presence("ann", Presence.AWAY)
    assert await world.expire() == 1
    [closed] = await world.published(OfferClosed)
    assert closed.outcome is OfferOutcome.WITHDRAWN
    await world.presence("ann", Presence.READY)
    await world.dispatch()
    assert (await world.offer_of(contact_id))["agent_id"] == "ann"


async def test_an_offer_past_its_time_cannot_be_accepted(world: World) -> None:
    await world.queue()
    await world.agent()
    contact_id = await world.receive()
    await world.dispatch()
    offer = await world.offer_of(contact_id)
    world.clock.advance(30)
    with pytest.raises(Conflict) as refused:
        await world.accept("ann", offer["offer_id"])
    assert refused.value.facts == {"reason": "expired"}
    await world.expire()
    with pytest.raises(Conflict):
        await world.accept("ann", offer["offer_id"])
    with pytest.raises(Missing):
        await world.accept("bob", offer["offer_id"])


async def test_a_wrap_up_ends_by_itself(world: World) -> None:
    await world.queue()
    await world.agent()
    contact_id = await world.assigned()
    await world.resolve("ann", contact_id)
    world.clock.advance(59)
    assert await world.expire() == 0
    world.clock.advance(1)
    assert await world.expire() == 1
    [ended] = await world.published(AssignmentEnded)
    assert (ended.outcome, ended.wrap_up_seconds) == (AssignmentOutcome.RESOLVED, 60)


async def test_a_refuted_resolution_goes_first_and_to_the_same_agent(world: World) -> None:
    await world.queue()
    await world.agent("ann")
    contact_id, resolution_id = await world.resolved("ann")
    await world.agent("bob")
    world.clock.advance(60)
    newer = await world.receive()
    await world.consume(settled(ResolutionRefuted, contact_id, resolution_id, world))
    await world.dispatch()
    assert (await world.offer_of(contact_id))["agent_id"] == "ann"
    assert (await world.offer_of(newer))["agent_id"] == "bob"
    queued = (await world.published(ContactQueued))[-1]
    assert (queued.contact_id, queued.reason) == (contact_id, QueuedReason.REOPENED)


async def test_a_refuted_resolution_goes_to_anyone_able_when_its_agent_is_not_there(
    world: World,
) -> None:
    await world.queue()
    await world.agent("ann")
    contact_id, resolution_id = await world.resolved("ann")
    await world.presence("ann", Presence.OFFLINE)
    await world.agent("bob")
    await world.consume(settled(ResolutionRefuted, contact_id, resolution_id, world))
    await world.dispatch()
    assert (await world.offer_of(contact_id))["agent_id"] == "bob"


async def test_a_customer_who_writes_again_reopens_even_during_wrap_up(world: World) -> None:
    await world.queue()
    await world.agent()
    contact_id = await world.assigned()
    await world.resolve("ann", contact_id)
    await world.consume(wrote_again(contact_id, world, automatic=True))
    assert (await world.contact(contact_id))["state"] == "resolved"
    await world.consume(wrote_again(contact_id, world))
    assert (await world.contact(contact_id))["state"] == "waiting"
    assert len(await world.published(AssignmentEnded)) == 1
    await world.dispatch()
    assert (await world.offer_of(contact_id))["agent_id"] == "ann"


async def test_thanks_after_a_claim_have_no_precedence_and_nothing_new_leaves_the_claim_standing(
    world: World,
) -> None:
    await world.queue()
    await world.agent("ann")
    contact_id, resolution_id = await world.resolved("ann")
    await world.agent("bob")
    await world.consume(wrote_again(contact_id, world))
    assert not (await world.contact(contact_id))["precedence"]
    await world.dispatch()
    offer = await world.offer_of(contact_id)
    assert offer["agent_id"] == "ann"
    await world.accept("ann", offer["offer_id"])
    await world.review("ann", contact_id, ReviewVerdict.NOTHING_NEW)
    contact = await world.contact(contact_id)
    assert (contact["state"], contact["returns_to"]) == ("resolved", None)
    [reviewed] = await world.published(ContactReviewed)
    assert (reviewed.resolution_id, reviewed.agent_id) == (resolution_id, "ann")
    [row] = await world.rows("select settled from resolution")
    assert row["settled"] is None
    await world.consume(settled(ResolutionConfirmed, contact_id, resolution_id, world))
    assert (await world.contact(contact_id))["state"] == "closed"


async def test_still_open_keeps_the_contact_with_the_agent_and_the_refutation_changes_nothing(
    world: World,
) -> None:
    await world.queue()
    await world.agent()
    contact_id, resolution_id = await world.resolved()
    await world.consume(wrote_again(contact_id, world))
    await world.dispatch()
    await world.accept("ann", (await world.offer_of(contact_id))["offer_id"])
    await world.review("ann", contact_id, ReviewVerdict.STILL_OPEN)
    await world.consume(settled(ResolutionRefuted, contact_id, resolution_id, world))
    contact = await world.contact(contact_id)
    assert (contact["state"], contact["precedence"]) == ("assigned", True)
    [row] = await world.rows("select settled from resolution")
    assert row["settled"] == "refuted"
    assert len(await world.published(ContactQueued)) == 2


async def test_a_customer_who_says_no_by_the_link_goes_first_though_a_word_was_owed(
    world: World,
) -> None:
    await world.queue()
    await world.agent()
    contact_id, resolution_id = await world.resolved()
    await world.consume(wrote_again(contact_id, world))
    waiting_since = (await world.contact(contact_id))["queued_at"]
    world.clock.advance(60)
    await world.consume(settled(ResolutionRefuted, contact_id, resolution_id, world))
    contact = await world.contact(contact_id)
    assert (contact["state"], contact["precedence"]) == ("waiting", True)
    assert (contact["returns_to"], contact["queued_at"]) == (None, waiting_since)
    *_, queued = await world.published(ContactQueued)
    assert (queued.reason, queued.queued_at) == (QueuedReason.REOPENED, waiting_since)


async def test_what_was_confirmed_while_a_word_was_owed_is_closed_by_nothing_new(
    world: World,
) -> None:
    await world.queue()
    await world.agent()
    contact_id, resolution_id = await world.resolved()
    await world.consume(wrote_again(contact_id, world))
    await world.consume(settled(ResolutionConfirmed, contact_id, resolution_id, world))
    assert (await world.contact(contact_id))["state"] == "waiting"
    await world.dispatch()
    await world.accept("ann", (await world.offer_of(contact_id))["offer_id"])
    await world.review("ann", contact_id, ReviewVerdict.NOTHING_NEW)
    assert (await world.contact(contact_id))["state"] == "closed"


async def test_a_settlement_that_comes_late_changes_nothing(world: World) -> None:
    await world.queue()
    await world.agent()
    contact_id, resolution_id = await world.resolved()
    await world.consume(wrote_again(contact_id, world))
    for kind in (ResolutionRefuted, ResolutionUnrefuted, ResolutionConfirmed):
        await world.consume(settled(kind, contact_id, resolution_id, world))
    assert (await world.contact(contact_id))["state"] == "waiting"
    why = [queued.reason for queued in await world.published(ContactQueued)]
    assert why == [QueuedReason.RECEIVED, QueuedReason.WROTE_AGAIN, QueuedReason.REOPENED]


async def test_settlements_and_messages_of_unknown_contacts_harm_nothing(world: World) -> None:
    unknown = new_id()
    await world.consume(
        wrote_again(unknown, world), settled(ResolutionRefuted, unknown, new_id(), world)
    )
    assert await world.outbox() == []
    [message] = await world.rows("select * from message")
    assert message["contact_id"] == unknown
