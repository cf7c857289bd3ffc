"""The manifests of an overlay as they would be applied, and what they say of our processes."""

import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

ROOT = Path(__file__).parents[2]
OVERLAYS = tuple(sorted(path.name for path in (ROOT / "deploy/k8s/overlays").iterdir()))
KUBECTL = Path(sys.executable).with_name("kubectl")
IMAGE = "rapport"
RUNS = ("Deployment", "Job")
KUBERNETES = (
    "",
    "apps",
    "autoscaling",
    "batch",
    "networking.k8s.io",
    "policy",
    "scheduling.k8s.io",
)
"""Groups of resources that every cluster knows; any other is an operator's."""

Json = dict[str, Any]


class Process(msgspec.Struct, frozen=True):
    """One kind of our processes: what it runs, with which environment, on which ports, and its manifest."""

    name: str
    service: str
    args: list[str]
    environment: dict[str, str]
    ports: dict[str, int]
    container: Json
    pod: Json


@lru_cache
def objects(overlay: str) -> tuple[Json, ...]:
    """Everything the overlay applies."""
    return _built(ROOT / "deploy/k8s/overlays" / overlay)


def with_component(overlay: str, component: str, folder: Path) -> tuple[Json, ...]:
    """The same, with a component that the overlay does not name; `folder` is empty, and written to."""
    parts = {"resources": f"overlays/{overlay}", "components": f"components/{component}"}
    named = {
        name: [os.path.relpath(ROOT / "deploy/k8s" / part, folder.resolve())]
        for name, part in parts.items()
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(named))
    return _built(folder)


def _built(folder: Path) -> tuple[Json, ...]:
    argv = [str(KUBECTL), "kustomize", str(folder)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, check=True)
    return tuple(yaml.load_all(done.stdout, yaml.CSafeLoader))


def of_kind(overlay: str, *kinds: str) -> list[Json]:
    """Those of these kinds."""
    return [each for each in objects(overlay) if each["kind"] in kinds]


def is_custom(resource: Json) -> bool:
    """Whether it is for an operator."""
    return resource["apiVersion"].rpartition("/")[0] not in KUBERNETES


def processes(overlay: str) -> list[Process]:
    """All kinds of our processes there."""
    maps = {each["metadata"]["name"]: each["data"] for each in of_kind(overlay, "ConfigMap")}
    ours = [
        each for each in of_kind(overlay, *RUNS) if pod_of(each)["containers"][0]["image"] == IMAGE
    ]
    return [_process(each, maps) for each in ours]


def pod_of(manifest: Json) -> Json:
    """The pod that a Deployment or a Job runs."""
    pod: Json = manifest["spec"]["template"]["spec"]
    return pod


def _process(manifest: Json, maps: dict[str, dict[str, str]]) -> Process:
    pod = pod_of(manifest)
    [container] = pod["containers"]
    environment: dict[str, str] = {}
    for source in container["envFrom"]:
        environment |= maps[source["configMapRef"]["name"]]
    environment |= {each["name"]: each["value"] for each in container.get("env", ())}
    return Process(
        name=manifest["metadata"]["name"],
        service=environment["SERVICE"],
        args=[arg.replace("$(SERVICE)", environment["SERVICE"]) for arg in container["args"]],
        environment=environment,
        ports={port["name"]: port["containerPort"] for port in container.get("ports", ())},
        container=container,
        pod=pod,
    )
