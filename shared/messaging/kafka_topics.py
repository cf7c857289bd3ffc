"""The door to Kafka for topics: create and describe them, add partitions, and see which groups lag behind."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from aiokafka.admin import NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code
from aiokafka.protocol.metadata import MetadataRequest

from shared.contracts.topics import Topic
from shared.messaging.kafka import end_offsets, oldest_offsets
from shared.messaging.kafka_client import administering
from shared.messaging.topic_plan import TopicState, planned
from shared.settings import KafkaSettings

CREATING_SECONDS = 30.0
LOOK_SECONDS = 0.1


async def create_topics(settings: KafkaSettings, topics: Sequence[Topic]) -> list[str]:
    """Create what is missing; what exists stays as it is. All can be used when this returns.

    The names of those that were created. Raises `Unavailable`.
    """
    new = [_new(planned(topic, settings)) for topic in topics]
    created = []
    async with administering(settings, CREATING_SECONDS) as admin:
        answer = await admin.create_topics(new)
        for name, code, *_ in answer.topic_errors:
            if not code:
                created.append(name)
            elif for_code(code) is not TopicAlreadyExistsError:
                raise for_code(code)(name)
        await _led(admin, [topic.name for topic in topics])
    return created


async def describe_topics(settings: KafkaSettings, names: Iterable[str]) -> dict[str, TopicState]:
    """Those of the topics that exist, as they are. Raises `Unavailable`."""
    async with administering(settings, CREATING_SECONDS) as admin:
        # Who asks for one that is not there may create it, with the broker's defaults.
        here = sorted({*names}.intersection(await admin.list_topics()))
        if not here:
            return {}
        configs = await _configs(admin, here)
        described = await admin.describe_topics(here)
    return {each["topic"]: _state(each, configs) for each in described}


async def add_partitions(settings: KafkaSettings, topic: str, partitions: int) -> None:
    """Give the topic so many; returns when every broker says so, to whoever asks where a key belongs.

    Raises `Unavailable`.
    """
    async with administering(settings, CREATING_SECONDS) as admin:
        await admin.create_partitions({topic: NewPartitions(partitions)})
        await _led(admin, [topic])
        waiting = True
        while waiting:
            waiting = await _partitions(admin, topic) != {partitions}
            await asyncio.sleep(LOOK_SECONDS * waiting)


async def lag_of_groups(settings: KafkaSettings, topic: str) -> dict[str, int]:
    """For each group that ever committed an offset of the topic the records it has not done. Raises `Unavailable`."""
    ends, begins = await end_offsets(settings, topic), await oldest_offsets(settings, topic)
    lag: dict[str, int] = {}
    async with administering(settings, CREATING_SECONDS) as admin:
        for group, _ in await admin.list_consumer_groups():
            committed = await admin.list_consumer_group_offsets(group)
            done = {tuple(place): offset for place, (offset, _) in committed.items()}
            if done.keys() & ends.keys():
                lag[group] = sum(
                    max(0, end - max(done.get(place, 0), begins[place]))
                    for place, end in ends.items()
                )
    return lag


def _new(state: TopicState) -> NewTopic:
    return NewTopic(state.name, state.partitions, state.replicas, topic_configs=dict(state.configs))


def _state(described: Any, configs: dict[str, dict[str, str]]) -> TopicState:
    name, partitions = described["topic"], described["partitions"]
    replicas = min(len(each["replicas"]) for each in partitions)
    return TopicState(name, len(partitions), replicas, configs[name])


async def _configs(admin: Any, topics: list[str]) -> dict[str, dict[str, str]]:
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in topics]
    answers = await admin.describe_configs(asked)
    found = {}
    for code, reason, _, name, options in (each for one in answers for each in one.resources):
        if code:
            raise for_code(code)(reason)
        found[name] = {option[0]: option[1] for option in options}
    return found


async def _partitions(admin: Any, topic: str) -> set[int]:
    """How many partitions the topic has, as each broker says by itself."""
    brokers = [each["node_id"] for each in (await admin.describe_cluster())["brokers"]]
    answers = [
        await admin._send_request(MetadataRequest([topic]), broker)  # noqa: SLF001 - others ask any
        for broker in brokers
    ]
    return {len(answer.to_object()["topics"][0]["partitions"]) for answer in answers}


async def _led(admin: Any, topics: list[str]) -> None:
    """Returns when every partition of the topics has a leader to write to."""
    waiting = True
    while waiting:
        waiting = any(
            topic["error_code"] or any(part["leader"] < 0 for part in topic["partitions"])
            for topic in await admin.describe_topics(topics)
        )
        await asyncio.sleep(LOOK_SECONDS * waiting)
