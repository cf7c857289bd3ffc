"""The centre's own matters: which queues there are, and which agents with what powers."""

from datetime import datetime

from services.routing.adapters import store_agents, store_contacts, store_queues
from services.routing.application.change import save_and_tell
from services.routing.application.presence import as_defined, tell_of_agent
from services.routing.domain.queueing import place
from shared.contracts.cloudevents import Outgoing
from shared.contracts.routing import AgentChanged, QueueChanged
from shared.database.database import Tx
from shared.kernel.errors import Invalid
from shared.messaging.outbox import outbox

UNPLACED_AT_ONCE = 1_000


async def put_queue(tx: Tx, queue: QueueChanged, now: datetime) -> QueueChanged:
    """Define a queue; contacts that came before there was any go where they belong.

    Raises `Invalid` if its overflow queue is no other queue that there is.
    """
    await _check_overflow(tx, queue)
    await store_queues.put(tx, queue)
    whole = await store_queues.find(tx, queue.queue_id) or queue
    await outbox.append(tx, [Outgoing(whole)])
    await _place_unplaced(tx, now)
    return whole


async def put_agent(tx: Tx, agent: AgentChanged) -> AgentChanged:
    """Define an agent. Raises `Conflict` if a slot that would go is held."""
    known = await store_agents.find(tx, agent.agent_id)
    await store_agents.put(tx, as_defined(agent, known))
    return await tell_of_agent(tx, agent.agent_id)


async def _check_overflow(tx: Tx, queue: QueueChanged) -> None:
    other = queue.overflow_queue_id
    if other is None:
        return
    if other == queue.queue_id or await store_queues.find(tx, other) is None:
        raise Invalid("the overflow queue is not another queue", overflow_queue_id=other)


async def _place_unplaced(tx: Tx, now: datetime) -> None:
    ids = await store_contacts.unplaced(tx, UNPLACED_AT_ONCE)
    contacts = (await store_contacts.lock(tx, ids)).values()
    queues = await store_queues.all_queues(tx)
    await save_and_tell(tx, [place(contact, queues, now) for contact in contacts], now)
