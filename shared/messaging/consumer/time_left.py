"""How long until records that a group has not read are deleted: one can alarm before they are lost."""

from collections.abc import Sequence
from functools import partial
from time import monotonic, time

from shared.jobs.periodic import PeriodicJob
from shared.messaging.consumer.subscription import Subscription
from shared.messaging.kafka import oldest_unread
from shared.messaging.kafka_options import HOUR_MS
from shared.observability import metrics
from shared.settings import KafkaSettings

INTERVAL_SECONDS = 30.0


class _Left:
    """The time left of each topic that one group reads; it goes on shrinking where no measure is had."""

    def __init__(self, group: str, subscription: Subscription) -> None:
        self._group = group
        self._kept = {
            topic.name: topic.retention_hours * HOUR_MS / 1000
            for topic in subscription.topics
            if topic.retention_hours is not None
        }
        self._seconds, self._measured = dict(self._kept), monotonic()

    async def measure(self, kafka: KafkaSettings) -> None:
        """Ask the broker. Raises `Unavailable`."""
        if not self._kept:
            return
        oldest, now = await oldest_unread(kafka, self._group, list(self._kept)), time()
        for topic, kept in self._kept.items():
            age = now - oldest[topic] / 1000 if topic in oldest else 0.0
            self._seconds[topic] = kept - age
        self._measured = monotonic()

    def show(self) -> None:
        """In the metric, from now on."""
        for topic in self._kept:
            shown = metrics.consumer_retention_left.labels(self._group, topic)
            shown.set_function(partial(self._now, topic))

    def _now(self, topic: str) -> float:
        return self._seconds[topic] - (monotonic() - self._measured)


def time_left_job(
    service: str, subscriptions: Sequence[Subscription], kafka: KafkaSettings
) -> PeriodicJob:
    """Beside the consumers and beside the relay, so that it goes on where nobody reads; as long as the cards of the topics say."""
    groups = [_Left(each.group(service), each) for each in subscriptions]

    async def measure() -> float:
        for each in groups:
            each.show()
        for each in groups:
            await each.measure(kafka)
        return INTERVAL_SECONDS

    return PeriodicJob("time_left", measure)
