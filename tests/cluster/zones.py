"""Nodes that are only said to be there, in zones of their own: for where pods go, not for what they do."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from deploy.k8s.local.places import BIN, CONFIG
from deploy.k8s.local.platform import HERE, Platform, of_kind
from deploy.k8s.local.programs import PROGRAMS, source_of
from tests.cluster.watching import is_ready, within

Json = dict[str, Any]
STAGES = (
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/*.yaml",
    "pod/fast/pod-*.yaml",
)
NAMESPACE = "zones"
ONLY_SAID = {"key": "kwok.x-k8s.io/node", "value": "fake", "effect": "NoSchedule"}
PODS, SPARED = 4, 3


@contextmanager
def fake_zones(platform: Platform, *zones: str) -> Iterator[None]:
    """A node in each zone, and on them four pods that are placed as those of analytics' api are."""
    program = PROGRAMS["kwok"]
    stages = source_of(program.module, program.version) / "kustomize/stage"
    files = [f"--config={path}" for name in STAGES for path in sorted(stages.glob(name))]
    flags = (
        "--manage-all-nodes=false",
        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
    )
    kubeconfig = f"--kubeconfig={CONFIG}/admin.kubeconfig"
    argv = [str(Path(BIN, "kwok")), kubeconfig, *flags, "--node-lease-duration-seconds=40", *files]
    kwok = platform.cluster.run_inside("kwok", *argv)
    platform.apply(yaml.safe_dump_all(map(_node, zones)))
    try:
        platform.cluster.kubectl("wait", "node", *zones, "--for=condition=Ready", "--timeout=60s")
        platform.apply(yaml.safe_dump_all(_spread(platform)))
        within(60, lambda: sum(zones_of(platform).values()) == PODS, "every pod is somewhere")
        yield
    finally:
        platform.cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
        platform.cluster.kubectl("delete", "node", *zones)
        kwok.stop()


def zones_of(platform: Platform) -> Mapping[str, int]:
    """How many of the pods are ready in which zone: a node is called as its zone is."""
    found = platform.cluster.objects("-n", NAMESPACE, "pods")
    ready = [pod for pod in found if is_ready(pod) and "deletionTimestamp" not in pod["metadata"]]
    return Counter(pod["spec"]["nodeName"] for pod in ready)


def _node(zone: str) -> Json:
    labels = {"topology.kubernetes.io/zone": zone, "kubernetes.io/hostname": zone, "type": "kwok"}
    room = {"cpu": "8", "memory": "32Gi", "pods": "50"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": zone, "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake"}},
        "spec": {"taints": [ONLY_SAID]},
        "status": {"allocatable": room, "capacity": room},
    }


def _spread(platform: Platform) -> Iterator[Json]:
    """The Deployment of analytics' api and its budget, on nodes that are only said to be there."""
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    manifests = platform.manifests(HERE)
    for kind in ("Deployment", "PodDisruptionBudget"):
        found = of_kind(manifests, kind)
        [ours] = [each for each in found if each["metadata"]["name"] == "analytics-api"]
        ours["metadata"]["namespace"] = NAMESPACE
        if kind == "Deployment":
            ours["spec"]["replicas"] = PODS
            pod = ours["spec"]["template"]["spec"]
            pod |= {"tolerations": [ONLY_SAID], "nodeSelector": {"type": "kwok"}}
            pod.pop("priorityClassName", None)
        else:
            ours["spec"]["minAvailable"] = SPARED
        yield ours
