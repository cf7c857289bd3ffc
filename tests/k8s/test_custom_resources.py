"""Resources of operators against the operators' own definitions, in which nothing may be said that they do not know.

Those of Strimzi are in no Go module: `STRIMZI_CRDS` names a folder with `install/cluster-operator/04*-Crd-*.yaml` of a release.
"""

import os
from pathlib import Path

import msgspec
import pytest

from tests.k8s.definitions import Definitions, fetched, releases
from tests.k8s.manifests import OVERLAYS, Json, is_custom, objects

STRIMZI = "kafka.strimzi.io/"
FOLDER = os.environ.get("STRIMZI_CRDS", "")
MISSPELT: list[tuple[str, str, Json]] = [
    ("keda.sh/v1alpha1", "ScaledObject", {"scaleTargetRef": {"nam": "any"}, "triggers": []}),
    ("monitoring.coreos.com/v1", "PodMonitor", {"selector": {"nam": "any"}}),
    ("postgresql.cnpg.io/v1", "Cluster", {"instances": 3, "nam": "any"}),
    ("barmancloud.cnpg.io/v1", "ObjectStore", {"configuration": {"nam": "any"}}),
    ("gateway.networking.k8s.io/v1", "HTTPRoute", {"parentRefs": [{"nam": "any"}]}),
    ("external-secrets.io/v1", "ExternalSecret", {"secretStoreRef": {"nam": "any"}}),
    ("kafka.strimzi.io/v1", "KafkaTopic", {"partitions": 24, "nam": "any"}),
]


@pytest.fixture(scope="module")
def operators() -> Definitions:
    """Of all operators but Strimzi."""
    return Definitions(fetched(releases()))


@pytest.fixture(scope="module")
def strimzi() -> Definitions:
    """Of Strimzi."""
    if not FOLDER:
        pytest.skip("STRIMZI_CRDS names no folder with the definitions of Strimzi")
    return Definitions([Path(FOLDER)])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_is_said_to_operators_is_what_they_know(overlay: str, operators: Definitions) -> None:
    for each in objects(overlay):
        if is_custom(each) and not each["apiVersion"].startswith(STRIMZI):
            assert operators.complaints(each) == [], each["metadata"]["name"]


@pytest.mark.parametrize(("api", "kind", "spec"), MISSPELT)
def test_a_word_that_an_operator_does_not_know_is_noticed(
    api: str, kind: str, spec: Json, request: pytest.FixtureRequest
) -> None:
    whose = "strimzi" if api.startswith(STRIMZI) else "operators"
    definitions: Definitions = request.getfixturevalue(whose)
    complaints = definitions.complaints({"apiVersion": api, "kind": kind, "spec": spec})
    assert [each for each in complaints if "'nam' was unexpected" in each]


def test_a_module_that_is_not_the_one_that_was_pinned_is_refused() -> None:
    first, *_ = releases()
    with pytest.raises(AssertionError):
        fetched([msgspec.structs.replace(first, sum="h1:another")])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_is_said_to_strimzi_is_what_it_knows(overlay: str, strimzi: Definitions) -> None:
    for each in objects(overlay):
        if each["apiVersion"].startswith(STRIMZI):
            assert strimzi.complaints(each) == [], each["metadata"]["name"]
