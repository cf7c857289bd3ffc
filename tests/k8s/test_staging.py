"""Staging is what production is, smaller: what was tried there has been tried."""

import re

from tests.k8s.manifests import Json, objects, of_kind, processes

PROD, STAGING = "prod", "staging"
HASH = re.compile(r"-[a-z0-9]{10}$")
SIZES = {
    "HorizontalPodAutoscaler": ("maxReplicas",),
    "ScaledObject": ("maxReplicaCount",),
    "KafkaNodePool": ("storage", "resources"),
    "HTTPRoute": ("hostnames",),
    "Cluster": ("storage", "resources"),
    "ObjectStore": ("configuration",),
}
"""What of a resource may differ."""


def shape(overlay: str) -> dict[tuple[str, str], Json]:
    """Every resource by its kind and name, without what may differ."""
    return {
        (each["kind"], HASH.sub("", each["metadata"]["name"])): {
            name: value
            for name, value in each.get("spec", {}).items()
            if name not in SIZES.get(each["kind"], ())
        }
        for each in objects(overlay)
        if each["kind"] not in ("Deployment", "Job")
    }


def most(overlay: str) -> dict[str, int]:
    """How far each of our processes is scaled."""
    return {
        each["metadata"]["name"]: each["spec"].get(
            "maxReplicas", each["spec"].get("maxReplicaCount")
        )
        for each in of_kind(overlay, "HorizontalPodAutoscaler", "ScaledObject")
    }


def test_all_that_is_in_production_is_in_staging_and_differs_in_size_alone() -> None:
    assert shape(STAGING) == shape(PROD)


def test_its_processes_are_those_of_production() -> None:
    assert {
        each.name: (each.args, each.ports, each.environment.keys()) for each in processes(STAGING)
    } == {each.name: (each.args, each.ports, each.environment.keys()) for each in processes(PROD)}


def test_it_is_smaller() -> None:
    assert most(STAGING).keys() == most(PROD).keys()
    assert all(most(STAGING)[name] < count for name, count in most(PROD).items())


def test_it_shares_no_place_with_production() -> None:
    names = [
        {host for route in of_kind(overlay, "HTTPRoute") for host in route["spec"]["hostnames"]}
        for overlay in (PROD, STAGING)
    ]
    assert not names[0] & names[1]
    urls = [
        {each.environment.get("RAPPORT_ATTACHMENTS__URL") for each in processes(overlay)} - {None}
        for overlay in (PROD, STAGING)
    ]
    assert not urls[0] & urls[1]
    backups = [
        {
            each["spec"]["configuration"]["destinationPath"]
            for each in of_kind(overlay, "ObjectStore")
        }
        for overlay in (PROD, STAGING)
    ]
    assert not backups[0] & backups[1]
