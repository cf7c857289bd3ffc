"""Give a topic more partitions while nobody publishes to it and everybody has read it.

More partitions move keys. What of a key was published before would stand in one partition, what comes
after in another, and the two are read in any order. So first all that was published is read, and until
the new partitions are known everywhere no relay of the service may begin: this holds the relay's lease.
"""

from collections.abc import Iterable, Iterator

from shared.contracts.topics import LIVE, OUTSIDE, SERVICES, Topic
from shared.database.database import Database
from shared.jobs.lease import Lease
from shared.kernel.errors import Conflict, Invalid
from shared.messaging.kafka import end_offsets
from shared.messaging.kafka_topics import add_partitions, describe_topics, lag_of_groups
from shared.messaging.outbox.relay import LEASE
from shared.settings import KafkaSettings


async def grow(
    service: str,
    database: Database,
    kafka: KafkaSettings,
    topic: str,
    partitions: int,
    *,
    others_stopped: bool,
) -> None:
    """Let the topic have so many partitions.

    `others_stopped`: the operator saw to it that no other publisher of the topic publishes. Raises `Invalid` if
    it cannot be, `Conflict` while somebody publishes or has not read it all, `Unavailable`.
    """
    card = _card(service, topic)
    others = [each for each in card.producers if each != service]
    if others and not others_stopped:
        raise Conflict(
            f"{', '.join(others)} publish to {topic}, too: stop them, and say --others-stopped"
        )
    lease = Lease(database, LEASE)
    if not await lease.take():
        raise Conflict(f"a relay of {service} publishes: stop every worker that has this part")
    async with lease.kept():
        await _must_be_more(kafka, topic, partitions)
        await _must_be_read(kafka, card)
        await add_partitions(kafka, topic, partitions)


def _card(service: str, name: str) -> Topic:
    """A topic that this service may let grow: it publishes there, or it is how outsiders come to it."""
    for topic in LIVE:
        owners = topic.consumers if topic.producers == (OUTSIDE,) else topic.producers
        if topic.name == name and service in owners:
            return topic
    raise Invalid(f"{service} publishes no topic {name}")


async def _must_be_more(kafka: KafkaSettings, topic: str, partitions: int) -> None:
    found = (await describe_topics(kafka, [topic])).get(topic)
    if found is None:
        raise Invalid(f"{topic} does not exist")
    if partitions <= found.partitions:
        raise Invalid(f"{topic} has {found.partitions} partitions; they can only become more")


async def _must_be_read(kafka: KafkaSettings, topic: Topic) -> None:
    lag = await lag_of_groups(kafka, topic.name)
    if behind := [f"{group} ({records})" for group, records in sorted(lag.items()) if records]:
        raise Conflict(f"not all of {topic.name} is read: {', '.join(behind)}")
    waiting = [*_without_group(topic, lag)]
    if waiting and any((await end_offsets(kafka, topic.name)).values()):
        raise Conflict(f"{', '.join(waiting)} consumed nothing of {topic.name} yet")


def _without_group(topic: Topic, groups: Iterable[str]) -> Iterator[str]:
    """Services that consume the topic and of which no group has committed an offset there."""
    for service in filter(SERVICES.__contains__, topic.consumers):
        own = f"rapport.{service}"
        if not any(group == own or group.startswith(f"{own}.") for group in groups):
            yield service
