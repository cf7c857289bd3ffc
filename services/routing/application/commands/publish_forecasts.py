"""The forecast of every queue, published when it changes by something that matters."""

from datetime import timedelta

from services.routing.adapters import store_match, store_queues
from services.routing.domain.crowd import Agent
from services.routing.domain.declining import Pauses
from services.routing.domain.forecast import Line, changed, forecast
from shared.contracts.cloudevents import Outgoing
from shared.contracts.routing import Presence, QueueChanged
from shared.database.database import Tx
from shared.kernel.clock import Clock
from shared.messaging.outbox import outbox
from shared.observability import metrics

NEWEST = 100


async def estimate(tx: Tx, clock: Clock, window: timedelta, pauses: Pauses = Pauses()) -> int:
    """Forecast every queue and publish those that changed; how many they were."""
    now = clock.now()
    agents = await store_match.agents(tx, now.date())
    slots = await store_match.most_slots(tx)
    waiting = await store_queues.waiting(tx)
    declined = await store_queues.declined(tx, pauses.until_longest)
    recent = await store_queues.recent(tx, now, window, NEWEST)
    news = []
    for queue in await store_queues.all_queues(tx):
        able = [agent for agent in agents if _able(agent, queue)]
        metrics.contacts_waiting.labels(queue.queue_id).set(waiting.get(queue.queue_id, 0))
        metrics.contacts_declined.labels(queue.queue_id).set(declined.get(queue.queue_id, 0))
        waits, handling = recent.get(queue.queue_id, ((), ()))
        line = Line(
            waiting=waiting.get(queue.queue_id, 0),
            agents_ready=len(able),
            slots=sum(slots.get(agent.agent_id, 0) for agent in able),
            free=sum(_room(agent) for agent in able),
            handling=handling,
            waits=waits,
        )
        found = forecast(line, now)
        if changed(queue.forecast, found):
            news.append(Outgoing(await store_queues.set_forecast(tx, queue.queue_id, found)))
    await outbox.append(tx, news)
    return len(news)


def _room(agent: Agent) -> int:
    """An agent counts with the channel on which they have the most room."""
    return max(map(len, agent.free.values()), default=0)


def _able(agent: Agent, queue: QueueChanged) -> bool:
    skilled = all(agent.skills.get(name, 0) >= level for name, level in queue.skills.items())
    speaks = not queue.languages or not set(queue.languages).isdisjoint(agent.languages)
    return agent.presence is Presence.READY and skilled and speaks
