"""The topics, and the users with what they may do, as resources of Strimzi: from the cards of the topics."""

from collections.abc import Iterator

from shared.contracts.topics import ALL, OUTSIDE, READERS, SERVICES, Topic, dead_letters_of
from shared.messaging.topic_plan import planned
from shared.settings import KafkaSettings
from tools.manifests import Json, documents

CLUSTER = "rapport"
SOURCE = "shared/contracts/topics.py"
API = "kafka.strimzi.io/v1"
WRITE, READ = ["Write", "Describe"], ["Read", "Describe"]
CHECK = "DescribeConfigs"
"""For `topics check`."""
# Who is of no service: publishers and readers outside. Each has a user of its own made after this one.
STRANGERS = {OUTSIDE: "rapport-publisher", READERS: "rapport-reader"}


def topics() -> str:
    """A KafkaTopic for each topic, kept as the services ask by default."""
    plans = [planned(topic, KafkaSettings(bootstrap="any:9092")) for topic in ALL]
    return documents(
        SOURCE,
        (
            _resource(
                "KafkaTopic",
                plan.name,
                {
                    "partitions": plan.partitions,
                    "replicas": plan.replicas,
                    "config": dict(plan.configs),
                },
            )
            for plan in plans
        ),
    )


def users() -> str:
    """A KafkaUser for each service, and one each for publishers and readers outside."""
    rules = {f"rapport-{service}": [*_of_service(service)] for service in SERVICES}
    rules |= {name: [*_of_stranger(who, name)] for who, name in STRANGERS.items()}
    return documents(SOURCE, (_user(name, acls) for name, acls in rules.items()))


def _of_service(service: str) -> Iterator[Json]:
    """It writes to its topics and reads them, to see what others wrote between; it reads what it consumes."""
    for topic in ALL:
        if service in topic.producers:
            yield _topic(topic, ["Write", *READ, CHECK])
        elif service in topic.consumers:
            yield _topic(topic, [*READ, CHECK])
    # `rapport.<service>`, and `rapport.<service>.<name>` where it has several.
    yield _group(f"rapport.{service}")


def _of_stranger(who: str, name: str) -> Iterator[Json]:
    for topic in ALL:
        if who in topic.producers:
            yield _topic(topic, WRITE)
        if who is READERS and topic not in map(dead_letters_of, SERVICES):
            yield _topic(topic, READ)
    if who is READERS:
        yield _group(name)


def _topic(topic: Topic, operations: list[str]) -> Json:
    where = {"type": "topic", "name": topic.name, "patternType": "literal"}
    return {"resource": where, "operations": operations}


def _group(prefix: str) -> Json:
    return {
        "resource": {"type": "group", "name": prefix, "patternType": "prefix"},
        "operations": READ,
    }


def _user(name: str, acls: list[Json]) -> Json:
    authorization = {"type": "simple", "acls": acls}
    spec = {"authentication": {"type": "scram-sha-512"}, "authorization": authorization}
    return _resource("KafkaUser", name, spec)


def _resource(kind: str, name: str, spec: Json) -> Json:
    labels = {"strimzi.io/cluster": CLUSTER}
    return {
        "apiVersion": API,
        "kind": kind,
        "metadata": {"name": name, "labels": labels},
        "spec": spec,
    }
