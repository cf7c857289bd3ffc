"""The forecast of every queue, published when it changes by something that matters."""

from datetime import datetime, timedelta

from services.routing.adapters.db import matching, queues
from services.routing.domain.agents.decline_pauses import Pauses
from services.routing.domain.queues.forecast import QueueLoad, Recent, changed, forecast, load_of
from shared.contracts.cloudevents import Outgoing
from shared.contracts.routing import QueueChanged
from shared.database.database import Tx
from shared.messaging.outbox.use_case import Result
from shared.observability import metrics

SAMPLE_SIZE = 100
"""The newest assignments of a queue on which its forecast rests."""


async def publish_forecasts(
    tx: Tx, now: datetime, window: timedelta, pauses: Pauses = Pauses()
) -> Result[int]:
    """Forecast every queue and publish those that changed; how many they were."""
    known = await queues.find_all(tx)
    loads = await _loads(tx, known, now, window)
    await _measure(tx, known, loads, pauses)
    events = []
    for queue in known:
        found = forecast(loads[queue.queue_id], now)
        if changed(queue.forecast, found):
            events.append(Outgoing(await queues.set_forecast(tx, queue.queue_id, found)))
    return Result(len(events), events)


async def _loads(
    tx: Tx, known: list[QueueChanged], now: datetime, window: timedelta
) -> dict[str, QueueLoad]:
    """The load of each queue, by id."""
    agents = await matching.find_agents(tx, now.date())
    capacity = await matching.find_capacity(tx)
    waiting = await queues.count_waiting(tx)
    recent = await queues.find_recent(tx, now, window, SAMPLE_SIZE)
    return {
        queue.queue_id: load_of(
            queue,
            agents,
            capacity,
            waiting=waiting.get(queue.queue_id, 0),
            recent=recent.get(queue.queue_id, Recent()),
        )
        for queue in known
    }


async def _measure(
    tx: Tx, known: list[QueueChanged], loads: dict[str, QueueLoad], pauses: Pauses
) -> None:
    declined = await queues.count_declined(tx, pauses.until_longest)
    for queue in known:
        metrics.contacts_waiting.labels(queue.queue_id).set(loads[queue.queue_id].waiting)
        metrics.contacts_declined.labels(queue.queue_id).set(declined.get(queue.queue_id, 0))
