"""Who is placed first where there is no room for all."""

from shared.contracts.topics import SERVICES
from tests.k8s.manifests import of_kind, pod_of

PROD = "prod"


def test_what_customers_and_agents_wait_for_is_placed_before_the_figures() -> None:
    [first] = of_kind(PROD, "PriorityClass")
    assert first["value"] > 0
    assert not first.get("globalDefault")
    given = {
        (
            each["metadata"]["labels"]["app.kubernetes.io/name"],
            pod_of(each).get("priorityClassName"),
        )
        for each in of_kind(PROD, "Deployment")
    }
    name = first["metadata"]["name"]
    assert {service for service, priority in given if priority == name} == {"intake", "routing"}
    assert {priority for _, priority in given} == {name, None}


def test_a_database_is_placed_as_those_who_cannot_do_without_it() -> None:
    given = {
        each["metadata"]["name"]: each["spec"].get("priorityClassName")
        for each in of_kind(PROD, "Cluster")
    }
    first = {name for name, priority in given.items() if priority}
    assert first == {"intake-database", "routing-database"}
    assert len(given) == len(SERVICES)
