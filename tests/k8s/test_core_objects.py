"""What every cluster knows, against the schemas of the newest Kubernetes that our checker has."""

import pytest
from kubernetes_validate import ValidationError, latest_version, validate

from tests.k8s.manifests import OVERLAYS, Json, is_custom, objects, of_kind


def complaint(resource: Json) -> str:
    """What the first word in it is that Kubernetes does not know or misses, or nothing."""
    try:
        validate(resource, latest_version(), strict=True)
    except ValidationError as error:
        return str(error.message)
    return ""


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_is_said_to_kubernetes_is_what_it_knows(overlay: str) -> None:
    for each in objects(overlay):
        if not is_custom(each):
            assert complaint(each) == "", each["metadata"]["name"]


def test_a_word_that_kubernetes_does_not_know_is_noticed() -> None:
    for kind in ("Deployment", "Job", "Service", "NetworkPolicy", "HorizontalPodAutoscaler"):
        [first, *_] = of_kind("prod", kind)
        assert "misspelt" in complaint(first | {"spec": first["spec"] | {"misspelt": 1}})
