"""Who is scaled by what, and how far."""

from shared.contracts.topics import BY_NAME, SERVICES
from shared.settings import KafkaSettings
from tests.k8s.manifests import Json, of_kind
from tests.support.subscriptions import subscriptions_of

PROD = "prod"
FIXED = ("relay", "jobs", "delivery")
MEMBERS = KafkaSettings(bootstrap="any:9092").group_members


def scaled(*kinds: str) -> dict[str, Json]:
    return {each["spec"]["scaleTargetRef"]["name"]: each["spec"] for each in of_kind(PROD, *kinds)}


def groups_of(service: str) -> dict[str, set[str]]:
    """The consumer groups of the service, and the topics of each."""
    return {
        each.group(service): {topic.name for topic in each.topics}
        for each in subscriptions_of(service)
    }


def triggers(service: str) -> list[dict[str, str]]:
    found = scaled("ScaledObject")[f"{service}-consumers"]["triggers"]
    return [each["metadata"] for each in found]


def test_nothing_is_scaled_twice_and_who_is_scaled_says_no_number_of_its_own() -> None:
    by_time, by_lag = scaled("HorizontalPodAutoscaler"), scaled("ScaledObject")
    assert not by_time.keys() & by_lag.keys()
    said = {
        each["metadata"]["name"]
        for each in of_kind(PROD, "Deployment")
        if "replicas" in each["spec"]
    }
    assert not said & (by_time.keys() | by_lag.keys())


def test_relay_jobs_and_delivery_are_two() -> None:
    fixed = {
        each["metadata"]["name"]: each["spec"]["replicas"]
        for each in of_kind(PROD, "Deployment")
        if each["metadata"]["labels"]["app.kubernetes.io/component"] in FIXED
    }
    assert set(fixed.values()) == {2}
    assert len(fixed) == 9


def test_the_groups_that_scale_are_those_of_the_code() -> None:
    for service in SERVICES:
        groups = groups_of(service)
        for each in triggers(service):
            topics = groups[each["consumerGroup"]]
            assert each.get("topic") is None or {each["topic"]} <= topics


def test_no_replica_is_without_a_partition() -> None:
    for service in SERVICES:
        most = scaled("ScaledObject")[f"{service}-consumers"]["maxReplicaCount"]
        for each in triggers(service):
            topics = groups_of(service)[each["consumerGroup"]]
            widest = max(BY_NAME[name].partitions for name in topics)
            assert most * MEMBERS <= widest


def test_who_asks_the_broker_for_what_waits_says_who_it_is_and_finds_it_from_another_namespace() -> (
    None
):
    for each in of_kind(PROD, "TriggerAuthentication"):
        sources = [*each["spec"]["secretTargetRef"], *each["spec"]["configMapTargetRef"]]
        assert {source["parameter"] for source in sources} == {"username", "password", "ca"}
    [users] = [
        each["data"]
        for each in of_kind(PROD, "ConfigMap")
        if "broker-users" in str(each["metadata"])
    ]
    assert users == {service: f"rapport-{service}" for service in SERVICES}
    for service in SERVICES:
        for each in triggers(service):
            assert each["bootstrapServers"] == "rapport-kafka-bootstrap.rapport.svc:9093"
