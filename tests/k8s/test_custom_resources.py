"""Resources of operators against the operators' own definitions, in which nothing may be said that they do not know.

No index serves those of Strimzi: `STRIMZI_CRDS` names a folder with `install/cluster-operator/04*-Crd-*.yaml` of a release.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from tests.k8s.manifests import OVERLAYS, Json, objects

FOLDER = os.environ.get("STRIMZI_CRDS", "")
needs_definitions = pytest.mark.skipif(
    not FOLDER, reason="STRIMZI_CRDS names no folder with the definitions of Strimzi"
)


def closed(schema: Any) -> Any:
    """The schema, with no property allowed that it does not name."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: closed(value) for name, value in schema.items()}
    if "properties" in made and not made.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    return made


@lru_cache
def definitions() -> dict[tuple[str, str], Draft7Validator]:
    """By version and kind."""
    found = {}
    for path in Path(FOLDER).glob("*.yaml"):
        spec = yaml.safe_load(path.read_text())["spec"]
        for version in spec["versions"]:
            api, kind = f"{spec['group']}/{version['name']}", spec["names"]["kind"]
            schema = closed(version["schema"]["openAPIV3Schema"]["properties"]["spec"])
            found[api, kind] = Draft7Validator(schema)
    return found


def complaints(resource: Json) -> list[str]:
    validator = definitions()[resource["apiVersion"], resource["kind"]]
    return [error.message for error in validator.iter_errors(resource["spec"])]


@needs_definitions
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_is_said_to_strimzi_is_what_it_knows(overlay: str) -> None:
    for each in objects(overlay):
        if each["apiVersion"].startswith("kafka.strimzi.io/"):
            assert complaints(each) == [], each["metadata"]["name"]


@needs_definitions
def test_a_word_that_strimzi_does_not_know_is_noticed() -> None:
    topic = {"apiVersion": "kafka.strimzi.io/v1", "kind": "KafkaTopic", "spec": {"partitons": 24}}
    assert complaints(topic)
