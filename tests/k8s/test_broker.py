"""Topics and users as Strimzi is told to make them: what the code writes and reads, and no more."""

from shared.contracts.topics import ALL, SERVICES, dead_letters_of
from tests.k8s.manifests import Json, of_kind

PROD = "prod"


def rules(user: str) -> dict[str, set[str]]:
    """What the user may do with each topic."""
    [found] = [each for each in of_kind(PROD, "KafkaUser") if each["metadata"]["name"] == user]
    acls: list[Json] = found["spec"]["authorization"]["acls"]
    return {
        acl["resource"]["name"]: set(acl["operations"])
        for acl in acls
        if acl["resource"]["type"] == "topic"
    }


def test_every_topic_of_the_code_is_made_and_no_other() -> None:
    made = {each["metadata"]["name"] for each in of_kind(PROD, "KafkaTopic")}
    assert made == {topic.name for topic in ALL}


def test_a_service_may_write_to_its_own_topics_alone() -> None:
    for service in SERVICES:
        writes = {name for name, may in rules(f"rapport-{service}").items() if "Write" in may}
        assert writes == {topic.name for topic in ALL if service in topic.producers}


def test_a_service_may_read_what_it_consumes_and_what_it_wrote() -> None:
    for service in SERVICES:
        reads = {name for name, may in rules(f"rapport-{service}").items() if "Read" in may}
        ours = [topic for topic in ALL if service in (*topic.producers, *topic.consumers)]
        assert reads == {topic.name for topic in ours}


def test_nobody_outside_reads_dead_letters_or_writes_beyond_the_inbox() -> None:
    letters = {dead_letters_of(service).name for service in SERVICES}
    assert not letters & rules("rapport-reader").keys()
    assert not [name for name, may in rules("rapport-reader").items() if "Write" in may]
    assert rules("rapport-publisher").keys() == {"rapport.inbox"}
