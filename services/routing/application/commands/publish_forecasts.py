"""The forecast of every queue, published when it changes by something that matters."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from services.routing.adapters.db import contacts, matching, queues
from services.routing.adapters.db.queues import Line
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
    lines = await queues.find_lines(tx)
    loads = await _loads(tx, known, lines, now, window)
    await _measure(tx, known, lines, now, pauses)
    events = []
    for queue in known:
        found = forecast(loads[queue.queue_id], now)
        if changed(queue.forecast, found):
            events.append(Outgoing(await queues.set_forecast(tx, queue.queue_id, found)))
    return Result(len(events), events)


async def _loads(
    tx: Tx, known: list[QueueChanged], lines: Mapping[str, Line], now: datetime, window: timedelta
) -> dict[str, QueueLoad]:
    """The load of each queue, by id."""
    agents = await matching.find_agents(tx, now.date())
    capacity = await matching.find_capacity(tx)
    recent = await queues.find_recent(tx, now, window, SAMPLE_SIZE)
    return {
        queue.queue_id: load_of(
            queue,
            agents,
            capacity,
            waiting=lines.get(queue.queue_id, Line()).waiting,
            recent=recent.get(queue.queue_id, Recent()),
        )
        for queue in known
    }


async def _measure(
    tx: Tx, known: list[QueueChanged], lines: Mapping[str, Line], now: datetime, pauses: Pauses
) -> None:
    metrics.contacts_unplaced.set(await contacts.count_unplaced(tx))
    declined = await queues.count_declined(tx, pauses.until_longest)
    for queue_id in [queue.queue_id for queue in known]:
        waiting, since = lines.get(queue_id, Line())
        oldest = (now - since).total_seconds() if since else 0.0
        metrics.contacts_waiting.labels(queue_id).set(waiting)
        metrics.contacts_oldest_wait.labels(queue_id).set(oldest)
        metrics.contacts_declined.labels(queue_id).set(declined.get(queue_id, 0))
