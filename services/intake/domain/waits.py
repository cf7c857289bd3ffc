"""How long people wait now, by topic: published, so that nobody has to guess."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from services.intake.domain.promise import FRESH
from shared.contracts.intake import PromiseBasis
from shared.contracts.queue_choice import ANY
from shared.contracts.routing import QueueChanged


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """A queue's topic and what to expect; without languages it speaks all."""

    topic: str
    languages: tuple[str, ...]
    wait_seconds: float
    basis: PromiseBasis
    as_of: datetime | None


def waits(queues: Iterable[QueueChanged], now: datetime) -> list[Wait]:
    """One line per topic of each queue, by rank: the fresh forecast's median, else the target."""
    ordered = sorted(queues, key=lambda queue: (queue.rank, queue.queue_id))
    return [_wait(queue, each.topic, now) for queue in ordered for each in queue.topics]


def _wait(queue: QueueChanged, topic: str, now: datetime) -> Wait:
    forecast = queue.forecast
    fresh = forecast if forecast and now - forecast.as_of < FRESH else None
    return Wait(
        topic=topic if topic != ANY else "other",
        languages=queue.languages,
        wait_seconds=fresh.wait_seconds_p50 if fresh else queue.service_target_seconds,
        basis=PromiseBasis.FORECAST if fresh else PromiseBasis.TARGET,
        as_of=fresh.as_of if fresh else None,
    )
