"""The manifests of an overlay as they would be applied, and what they say of our processes."""

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
RUNS = ("Deployment", "Job")

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
    argv = [str(KUBECTL), "kustomize", f"deploy/k8s/overlays/{overlay}"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, check=True)
    return tuple(yaml.safe_load_all(done.stdout))


def of_kind(overlay: str, *kinds: str) -> list[Json]:
    """Those of these kinds."""
    return [each for each in objects(overlay) if each["kind"] in kinds]


def processes(overlay: str) -> list[Process]:
    """All kinds of our processes there."""
    maps = {each["metadata"]["name"]: each["data"] for each in of_kind(overlay, "ConfigMap")}
    return [_process(each, maps) for each in of_kind(overlay, *RUNS)]


def _process(manifest: Json, maps: dict[str, dict[str, str]]) -> Process:
    pod = manifest["spec"]["template"]["spec"]
    [container] = pod["containers"]
    environment: dict[str, str] = {}
    for source in container["envFrom"]:
        environment |= maps[source["configMapRef"]["name"]]
    return Process(
        name=manifest["metadata"]["name"],
        service=environment["SERVICE"],
        args=[arg.replace("$(SERVICE)", environment["SERVICE"]) for arg in container["args"]],
        environment=environment,
        ports={port["name"]: port["containerPort"] for port in container.get("ports", ())},
        container=container,
        pod=pod,
    )
