"""What the schema forbids, tried in plain SQL: no code stands between these attempts and the tables."""

from uuid import UUID

import asyncpg
import pytest

from shared.contracts.routing import OfferMade
from tests.integration.routing.world import REFUND, World

ANOTHER = """
insert into offer (offer_id, contact_id, agent_id, queue_id, channel, state, slot, queued_at, made_at,
  expires_at, accepted_at, need_kind, need_amount, need_currency, authority_limit)
select gen_random_uuid(), $1, $2, 'general', 'email', $3, $4, now(), now(), now(), now(),
  'refund', $5, 'EUR', $6
"""


async def attempt(world: World, error: type[Exception], sql: str, *arguments: object) -> None:
    with pytest.raises(error):
        async with world.database.transaction() as tx:
            await tx.execute(sql, *arguments)


@pytest.fixture
async def held(world: World) -> UUID:
    """A contact that is offered to ann, who has one slot."""
    await world.queue()
    await world.agent("ann", authorities=(REFUND,))
    contact_id = await world.receive()
    await world.dispatch()
    return contact_id


async def test_an_agent_holds_nothing_beyond_their_slots(world: World, held: UUID) -> None:
    other = await world.receive()
    unique, missing = asyncpg.UniqueViolationError, asyncpg.ForeignKeyViolationError
    await attempt(world, unique, ANOTHER, other, "ann", "open", 1, 1, 1)
    await attempt(world, missing, ANOTHER, other, "ann", "open", 2, 1, 1)
    await attempt(world, missing, "delete from agent_slot where agent_id = 'ann'")


async def test_what_the_schema_refuses_is_not_offered_and_the_others_are(world: World) -> None:
    await world.queue()
    await world.agent("ann", slots=10)
    contacts = [world.received() for _ in range(5)]
    await world.consume(*contacts)
    unlucky = contacts[2].contact_id
    async with world.database.connection() as connection:
        rule = f"check (contact_id <> '{unlucky}')"
        await connection.execute(f"alter table offer add constraint planted {rule}")
    made = await world.dispatch()
    assert (made.offered, made.again) == (4, False)
    offered = {each.contact_id for each in await world.published(OfferMade)}
    assert offered == {each.contact_id for each in contacts} - {unlucky}
    assert (await world.contact(unlucky))["state"] == "waiting"


async def test_a_contact_never_has_two_live_offers(world: World, held: UUID) -> None:
    await world.agent("bob")
    await attempt(world, asyncpg.UniqueViolationError, ANOTHER, held, "bob", "accepted", 1, 1, 1)


@pytest.mark.parametrize(
    "values",
    [("open", None, 1, 1), ("expired", 1, 1, 1), ("open", 1, 2, 1), ("open", 1, 1, None)],
    ids=["live without a slot", "a slot after its end", "need above authority", "no authority"],
)
async def test_an_offer_that_makes_no_sense_cannot_be_written(
    world: World, held: UUID, values: tuple[object, ...]
) -> None:
    other = await world.receive()
    await world.agent("bob")
    await attempt(world, asyncpg.CheckViolationError, ANOTHER, other, "bob", *values)


async def test_the_ledger_takes_nothing_above_limit_or_budget(world: World, held: UUID) -> None:
    action = """
    insert into action
      (action_id, contact_id, agent_id, kind, amount, currency, action_limit, taken_at)
    values (gen_random_uuid(), $1, 'ann', 'refund', $2, 'EUR', 10, now())
    """
    for amount in (11, 0, -1):
        await attempt(world, asyncpg.CheckViolationError, action, held, amount)
    day = "insert into authority_day values ('ann', 'refund', 'EUR', current_date, 11, 10)"
    await attempt(world, asyncpg.CheckViolationError, day)


async def test_a_placed_contact_has_a_queue_and_a_whole_need(world: World, held: UUID) -> None:
    error = asyncpg.CheckViolationError
    await attempt(world, error, "update contact set queue_id = null")
    await attempt(world, error, "update contact set need_amount = 5")
    await attempt(world, error, "update contact set state = 'lost'")
