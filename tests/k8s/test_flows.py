"""What may reach what is what the page says, and the ends of each flow are there."""

import re

from shared.contracts.topics import SERVICES
from tests.k8s.manifests import ROOT, Json, of_kind

PROD = "prod"
ROW = re.compile(r"^\| `([a-z-]+)` \| (\w+) \|", re.MULTILINE)
EVERYTHING = "nothing-else"
DATABASES = "nothing-else-of-databases"
CLUSTER = "cnpg.io/cluster"


def policies() -> dict[str, Json]:
    found = {each["metadata"]["name"]: each["spec"] for each in of_kind(PROD, "NetworkPolicy")}
    return {name: spec for name, spec in found.items() if name not in (EVERYTHING, DATABASES)}


def rule(spec: Json) -> Json:
    [only] = spec.get("ingress", []) + spec.get("egress", [])
    found: Json = only
    return found


def pods(spec: Json) -> list[Json]:
    """Those of our pods that the policy is about; a database's are not ours to describe."""
    selector = spec["podSelector"]
    wanted = selector.get("matchLabels", {}).items()
    among = {each["key"]: each.get("values") for each in selector.get("matchExpressions", ())}
    if databases(selector):
        return []
    templates = [
        each["spec"]["template"]
        for each in of_kind(PROD, "Deployment", "Job")
        if wanted <= each["spec"]["template"]["metadata"]["labels"].items()
    ]
    return [
        each
        for each in templates
        if all(each["metadata"]["labels"][key] in values for key, values in among.items())
    ]


def databases(selector: Json) -> set[str]:
    """Those that the selector is about, by name."""
    there = {each["metadata"]["name"] for each in of_kind(PROD, "Cluster")}
    every = any(each["key"] == CLUSTER for each in selector.get("matchExpressions", ()))
    return there if every else there & {selector.get("matchLabels", {}).get(CLUSTER)}


def test_every_flow_is_on_the_page_and_the_other_way_round() -> None:
    page = dict(ROW.findall((ROOT / "deploy/k8s/README.md").read_text().partition("## Flows")[2]))
    flows = {name: str(rule(spec)["ports"][0]["port"]) for name, spec in policies().items()}
    assert flows == page


def test_every_flow_begins_or_ends_at_a_process_or_a_database_of_ours() -> None:
    for name, spec in policies().items():
        assert pods(spec) or databases(spec["podSelector"]), name


def test_a_database_is_reached_by_its_own_service_and_at_its_own_end_too() -> None:
    for service in SERVICES:
        out, into = (
            rule(policies()[name]) for name in (f"{service}-to-database", f"database-of-{service}")
        )
        assert [databases(each["podSelector"]) for each in out["to"]] == [{f"{service}-database"}]
        callers = [each["podSelector"]["matchLabels"] for each in into["from"]]
        assert callers == [
            {"app.kubernetes.io/part-of": "rapport", "app.kubernetes.io/name": service},
            {CLUSTER: f"{service}-database"},
        ]


def test_what_comes_in_comes_to_a_port_that_is_listened_on() -> None:
    for name, spec in policies().items():
        if "ingress" in spec:
            port = rule(spec)["ports"][0]["port"]
            for pod in pods(spec):
                if "ports" in pod["spec"]["containers"][0]:
                    named = {each["name"] for each in pod["spec"]["containers"][0]["ports"]}
                    assert port in named, name


def test_nothing_else_is_allowed_to_any_process_or_database_of_ours() -> None:
    found = {each["metadata"]["name"]: each["spec"] for each in of_kind(PROD, "NetworkPolicy")}
    for name in (EVERYTHING, DATABASES):
        assert set(found[name]["policyTypes"]) == {"Ingress", "Egress"}
        assert not found[name].keys() & {"ingress", "egress"}
    assert len(pods(found[EVERYTHING])) == len(of_kind(PROD, "Deployment", "Job"))
    assert len(databases(found[DATABASES]["podSelector"])) == len(SERVICES)
