"""What a pass leaves out beforehand: nothing that would be placed, and everything that could not."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.routing.adapters.db import agents as agents_db
from services.routing.adapters.db import contacts, matching, queues
from services.routing.domain.agents.decline_pauses import Declined
from services.routing.domain.agents.model import Agent
from services.routing.domain.contact.model import Contact, ContactState
from services.routing.domain.matching.agent_pool import AgentPool
from services.routing.domain.matching.feasibility import NAMED, feasible
from services.routing.domain.matching.match import match
from services.routing.domain.matching.model import Waiting
from services.routing.domain.matching.order import place_in_line
from shared.contracts.routing import AgentChanged, AgentPersonal
from shared.database.database import Tx
from shared.kernel.ids import new_id
from tests.integration.routing.world import World
from tests.support.clock import NOON
from tests.unit.routing import pools
from tests.unit.routing.test_lifecycle import QUEUE

ALL = 1_000
STATE = "update agent set presence = $2, idle_since = $3 where agent_id = $1"
SPENT = "insert into authority_day values ($1, $2, $3, $4, $5, $6)"

on_a_database = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


worlds = (pools.waiting | pools.much_declined, pools.agents | pools.few_agents)


@asynccontextmanager
async def undone(world: World) -> AsyncIterator[Tx]:
    """A transaction that leaves nothing behind."""
    async with world.database.connection() as tx:
        transaction = tx.transaction()
        await transaction.start()
        try:
            yield tx
        finally:
            await transaction.rollback()


async def write(tx: Tx, waiting: Sequence[Waiting], agents: Sequence[Agent]) -> list[Waiting]:
    """The agents and who waits, as rows; who waits, as it was written."""
    for agent in agents:
        await write_agent(tx, agent)
    names = {agent.agent_id for agent in agents}
    known = [
        replace(
            c,
            queue_id=queue_for(c),
            preferred_agent=c.preferred_agent and min(names, default=None),
            ask_again_at={name: c.ask_again_at.get(name, NOON) for name in c.declined},
        )
        for c in waiting
    ]
    for queue_id, skills in {c.queue_id: c.skills for c in known}.items():
        queue = msgspec.structs.replace(QUEUE, queue_id=queue_id, skills=dict(skills))
        await queues.put(tx, queue)
    await contacts.save(tx, list(map(contact_of, known)))
    return known


async def write_agent(tx: Tx, agent: Agent) -> None:
    card = AgentChanged(
        agent_id=agent.agent_id,
        presence=agent.presence,
        skills=dict(agent.skills),
        languages=tuple(agent.languages),
        capacity={channel: len(slots) for channel, slots in agent.free.items()},
        authorities=agent.authorities.held,
        changed_at=NOON,
        personal=AgentPersonal(),
    )
    await agents_db.put(tx, card)
    await tx.execute(STATE, agent.agent_id, agent.presence, agent.idle_since)
    for (kind, currency), spent in agent.authorities.spent_today.items():
        await tx.execute(SPENT, agent.agent_id, kind, currency, NOON.date(), spent, 8)


def queue_for(waiting: Waiting) -> str:
    return "-".join(["q", *(f"{name}{level}" for name, level in sorted(waiting.skills.items()))])


def contact_of(waiting: Waiting) -> Contact:
    return Contact(
        contact_id=waiting.contact_id,
        customer_id=new_id(),
        channel=waiting.channel,
        topic="any",
        language=waiting.language,
        value_tier="standard",
        priority=waiting.priority,
        received_at=waiting.received_at,
        state=ContactState.WAITING,
        promise_due_at=waiting.promise_due_at,
        need=waiting.need,
        queue_id=waiting.queue_id,
        queued_at=NOON,
        precedence=waiting.precedence,
        preferred_agent=waiting.preferred_agent,
        declines={name: Declined(1, moment) for name, moment in waiting.ask_again_at.items()},
        excluded=waiting.excluded,
    )


async def seen(tx: Tx, agents: Sequence[Agent], named: int) -> list[Waiting]:
    """Whom a pass would look at."""
    groups = feasible(await matching.begin_pass(tx), AgentPool(agents, NOON), named=named)
    return await matching.find_waiting(tx, groups, NOON, per_group=ALL, limit=ALL)


@on_a_database
@given(pools.waiting)
async def test_the_database_sorts_who_waits_as_the_match_does(
    world: World, waiting: list[Waiting]
) -> None:
    async with undone(world) as tx:
        await write(tx, waiting, ())
        rows = await tx.fetch(f"select contact_id from contact order by {matching.ORDER}")
        line = sorted(waiting, key=place_in_line)
        assert [row["contact_id"] for row in rows] == [each.contact_id for each in line]


@on_a_database
@given(*worlds)
async def test_a_pass_looks_at_exactly_those_who_could_be_placed_if_they_were_alone(
    world: World, waiting: list[Waiting], agents: list[Agent]
) -> None:
    async with undone(world) as tx:
        known = await write(tx, waiting, agents)
        present = await matching.find_agents(tx, NOON.date())
        looked_at = await seen(tx, present, NAMED)
        placeable = [each for each in known if match([each], present, NOON)]
        assert {c.contact_id for c in looked_at} == {c.contact_id for c in placeable}


@on_a_database
@given(*worlds, st.integers(0, 3))
async def test_what_is_left_out_would_not_have_been_placed_however_few_agents_are_named(
    world: World, waiting: list[Waiting], agents: list[Agent], named: int
) -> None:
    async with undone(world) as tx:
        known = await write(tx, waiting, agents)
        present = await matching.find_agents(tx, NOON.date())
        looked_at = await seen(tx, present, named)
        assert match(looked_at, present, NOON) == match(known, present, NOON)
