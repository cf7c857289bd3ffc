"""What is planned for a topic, and which differences cost a guarantee."""

import pytest

from shared.contracts.topics import ALL, CONTACTS, INTAKE, LIVE, QUEUES, SERVICES
from shared.messaging.topic_plan import TopicState, differences, line_of, planned, topics_of
from shared.settings import KafkaSettings

KAFKA = KafkaSettings(bootstrap="nowhere:1")
PLAN = planned(CONTACTS, KAFKA)


def found(
    partitions: int = PLAN.partitions, replicas: int = PLAN.replicas, **configs: str
) -> TopicState:
    changed = {name.replace("_", "."): value for name, value in configs.items()}
    return TopicState(PLAN.name, partitions, replicas, {**PLAN.configs, **changed})


def test_production_has_three_replicas_of_which_two_must_have_a_record() -> None:
    assert (PLAN.replicas, PLAN.configs["min.insync.replicas"]) == (3, "2")


def test_topics_keyed_by_contacts_and_customers_begin_with_room_to_grow_and_small_ones_small() -> (
    None
):
    partitions = {topic.name: planned(topic, KAFKA).partitions for topic in LIVE}
    small = {name for name, number in partitions.items() if number < 24}
    assert small == {"rapport.agents", "rapport.queues"}


def test_a_machine_with_one_broker_may_bound_the_partitions() -> None:
    local = KafkaSettings(bootstrap="nowhere:1", max_partitions=8)
    assert planned(CONTACTS, local).partitions == 8
    assert planned(QUEUES, local).partitions == QUEUES.partitions


def test_a_service_plans_what_it_publishes_and_consumes_and_all_of_them_plan_all() -> None:
    assert {topic.name for topic in topics_of(INTAKE)} == {
        "rapport.inbox",
        "rapport.contacts",
        "rapport.customers",
        "rapport.deliveries",
        "rapport.queues",
        "rapport.intake.dead-letters",
    }
    assert {topic.name for service in SERVICES for topic in topics_of(service)} == {
        topic.name for topic in ALL
    }


@pytest.mark.parametrize(
    ("is_", "said"),
    [
        (None, "rapport.contacts does not exist"),
        (found(partitions=8), "rapport.contacts has 8 partitions instead of 24"),
        (found(replicas=2), "rapport.contacts has a partition with 2 of 3 replicas"),
        (
            found(min_insync_replicas="1"),
            "rapport.contacts has min.insync.replicas=1 instead of 2",
        ),
        (
            found(max_message_bytes="1000"),
            "rapport.contacts has max.message.bytes=1000 instead of 1048576",
        ),
        (
            found(cleanup_policy="compact"),
            "rapport.contacts is kept 'compacted' instead of '14 days'",
        ),
        (
            found(cleanup_policy="compact,delete"),
            "rapport.contacts is kept 'compact,delete, 14 days' instead of '14 days'",
        ),
        (found(retention_ms="86400000"), "rapport.contacts is kept '1 days' instead of '14 days'"),
        (found(retention_ms="-1"), "rapport.contacts is kept 'for ever' instead of '14 days'"),
    ],
)
def test_what_costs_a_guarantee_is_said(is_: TopicState | None, said: str) -> None:
    assert list(differences(PLAN, is_)) == [said]


@pytest.mark.parametrize(
    "better",
    [
        found(),
        found(partitions=48, replicas=5),
        found(min_insync_replicas="3", max_message_bytes="9999999"),
    ],
)
def test_what_is_better_than_planned_is_no_difference(better: TopicState) -> None:
    assert list(differences(PLAN, better)) == []


def test_a_line_of_the_plan_says_all_of_it() -> None:
    said = " ".join(line_of(planned(QUEUES, KAFKA)).split())
    kept = "4 partitions 3 replicas 2 in sync compacted records up to 1048576 bytes"
    assert said == f"rapport.queues {kept}"
