"""Where the cluster of this machine keeps what it needs, and the addresses it has."""

from pathlib import Path

from deploy.local.instance import LOCAL

HOME = LOCAL / "k8s"
BIN, SOURCES, IMAGES = HOME / "bin", HOME / "src", HOME / "images"
KEYS, CONFIG, LOGS, STATE, RUN = (
    HOME / name for name in ("keys", "config", "logs", "state", "run")
)
STARTED, FAILED = RUN / "started", RUN / "failed"
KUBECONFIG = HOME / "kubeconfig"
"""For programs of the machine; those of the cluster have theirs in `CONFIG`."""

TEMPLATES = Path(__file__).with_name("config")
NODE = "node-1"
NODE_ADDRESS = "10.200.0.1"
PODS, SERVICES = "10.244.0.0/24", "10.96.0.0/16"
KUBERNETES_SERVICE, NAMES = "10.96.0.1", "10.96.0.10"
API_PORT = 26443
"""On 127.0.0.1 of the machine."""
HIERARCHIES = (
    "cpu",
    "cpuacct",
    "cpuset",
    "memory",
    "devices",
    "freezer",
    "blkio",
    "pids",
    "systemd",
)
