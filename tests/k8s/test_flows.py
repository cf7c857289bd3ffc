"""What may reach what is what the page says, and the ends of each flow are there."""

import re

from tests.k8s.manifests import ROOT, Json, of_kind

PROD = "prod"
ROW = re.compile(r"^\| `([a-z-]+)` \| (\w+) \|", re.MULTILINE)
EVERYTHING = "nothing-else"


def policies() -> dict[str, Json]:
    found = {each["metadata"]["name"]: each["spec"] for each in of_kind(PROD, "NetworkPolicy")}
    return {name: spec for name, spec in found.items() if name != EVERYTHING}


def rule(spec: Json) -> Json:
    [only] = spec.get("ingress", []) + spec.get("egress", [])
    found: Json = only
    return found


def pods(spec: Json) -> list[Json]:
    """Those of our pods that the policy is about."""
    selector = spec["podSelector"]
    wanted = selector["matchLabels"].items()
    among = {each["key"]: each["values"] for each in selector.get("matchExpressions", ())}
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


def test_every_flow_is_on_the_page_and_the_other_way_round() -> None:
    page = dict(ROW.findall((ROOT / "deploy/k8s/README.md").read_text().partition("## Flows")[2]))
    flows = {name: str(rule(spec)["ports"][0]["port"]) for name, spec in policies().items()}
    assert flows == page


def test_every_flow_begins_or_ends_at_a_process_of_ours() -> None:
    for name, spec in policies().items():
        assert pods(spec), name


def test_what_comes_in_comes_to_a_port_that_is_listened_on() -> None:
    for name, spec in policies().items():
        if "ingress" in spec:
            port = rule(spec)["ports"][0]["port"]
            for pod in pods(spec):
                if "ports" in pod["spec"]["containers"][0]:
                    named = {each["name"] for each in pod["spec"]["containers"][0]["ports"]}
                    assert port in named, name


def test_nothing_else_is_allowed_to_any_process_of_ours() -> None:
    [spec] = [
        each["spec"]
        for each in of_kind(PROD, "NetworkPolicy")
        if each["metadata"]["name"] == EVERYTHING
    ]
    assert set(spec["policyTypes"]) == {"Ingress", "Egress"}
    assert "ingress" not in spec
    assert "egress" not in spec
    assert len(pods(spec)) == len(of_kind(PROD, "Deployment", "Job"))
