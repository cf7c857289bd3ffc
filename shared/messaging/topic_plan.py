"""How each topic is to be kept here, and in what it differs: pure, from the card of the topic and the settings."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from shared.contracts.topics import ALL, Topic
from shared.messaging.kafka_options import HOUR_MS, kept
from shared.settings import KafkaSettings

POLICY, RETENTION = "cleanup.policy", "retention.ms"
AT_LEAST = ("min.insync.replicas", "max.message.bytes")
"""More of these is as good, less breaks a promise: records are lost with a broker, or refused by it."""


class TopicState(NamedTuple):
    """A topic as it is to be, or as it is. `replicas`: of the partition that has the fewest."""

    name: str
    partitions: int
    replicas: int
    configs: Mapping[str, str]


def topics_of(service: str) -> list[Topic]:
    """What the service publishes and consumes, its dead letters among it."""
    return [topic for topic in ALL if service in (*topic.producers, *topic.consumers)]


def planned(topic: Topic, kafka: KafkaSettings) -> TopicState:
    """How the topic is to be kept by this broker."""
    most = kafka.max_partitions or topic.partitions
    partitions = min(topic.partitions, most)
    return TopicState(topic.name, partitions, kafka.replication_factor, kept(topic, kafka))


def line_of(state: TopicState) -> str:
    """One line of the plan, for a person."""
    configs = state.configs
    columns = (
        f"{state.name:<32}",
        f"{state.partitions:>3} partitions",
        f"{state.replicas} replicas",
        f"{configs['min.insync.replicas']} in sync",
        f"{_keeping(configs):<9}",
        f"records up to {configs['max.message.bytes']} bytes",
    )
    return "  ".join(columns)


def differences(plan: TopicState, found: TopicState | None) -> Iterator[str]:
    """What would cost a guarantee, a sentence each; nothing where more is kept than planned.

    Retention is held to its plan both ways: shorter loses records that wait, and a record that is kept
    longer than the marks of the inbox would have its effect twice when it is read again.
    """
    name = plan.name
    if found is None:
        yield f"{name} does not exist"
        return
    if found.partitions < plan.partitions:
        yield f"{name} has {found.partitions} partitions instead of {plan.partitions}"
    if found.replicas < plan.replicas:
        yield f"{name} has a partition with {found.replicas} of {plan.replicas} replicas"
    if _keeping(found.configs) != _keeping(plan.configs):
        yield f"{name} is kept '{_keeping(found.configs)}' instead of '{_keeping(plan.configs)}'"
    for option in AT_LEAST:
        is_, planned_ = found.configs.get(option, "0"), plan.configs[option]
        if int(is_) < int(planned_):
            yield f"{name} has {option}={is_} instead of {planned_}"


def _keeping(configs: Mapping[str, str]) -> str:
    """How long records stay: days of retention, or compacted, or both as the broker says it."""
    policy = configs.get(POLICY, "delete")
    if policy == "compact":
        return "compacted"
    hours = int(configs.get(RETENTION, "0")) / HOUR_MS
    days = "for ever" if hours < 0 else f"{hours / 24:g} days"
    return days if policy == "delete" else f"{policy}, {days}"
