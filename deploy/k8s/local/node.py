"""Process 1 of the cluster, in namespaces of its own: it prepares them, starts every part and buries who dies.

Nothing of the machine changes: mounts, links, firewall and settings are those of these namespaces, and end with this process.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event

from deploy.k8s.local.images import archives
from deploy.k8s.local.places import (
    BIN,
    CONFIG,
    FAILED,
    HIERARCHIES,
    KEYS,
    LOGS,
    NODE,
    NODE_ADDRESS,
    RUN,
    SERVICES,
    STARTED,
    STATE,
)  # fmt: skip

ADMIN = str(CONFIG / "admin.kubeconfig")
KUBECTL = (str(BIN / "kubectl"), f"--kubeconfig={ADMIN}")
SETTINGS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
"""What the kubelet would write into the machine's settings: it finds them written."""
GROUPS_ROOT = Path("/sys/fs/cgroup")


class NotStartedError(Exception):
    """A part does not answer."""


def main() -> None:
    """Start everything; afterwards only bury. It never returns."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    try:
        _mounts()
        _links()
        _start_parts()
        STARTED.touch()
    except (NotStartedError, subprocess.CalledProcessError, OSError) as reason:
        FAILED.write_text(str(reason))
        sys.exit(1)
    while True:
        try:
            os.wait()
        except ChildProcessError:
            Event().wait(1)


def _mounts() -> None:
    _do("mount --make-rprivate /")
    _do("mount -t tmpfs -o mode=755 tmpfs /run")
    _control_groups()
    _settings()
    for inside, kept in {"/var/lib/kubelet": "kubelet", "/var/log": "log"}.items():
        for folder in (Path(inside), STATE / kept):
            folder.mkdir(parents=True, exist_ok=True)
        _do(f"mount --bind {STATE / kept} {inside}")
    _do("mount --make-rshared /")


def _control_groups() -> None:
    """The hierarchies as seen from our own folder in each: nothing above it is visible."""
    _do(f"mount -t tmpfs -o mode=755 tmpfs {GROUPS_ROOT}")
    for name in HIERARCHIES:
        (GROUPS_ROOT / name).mkdir()
        options = "none,name=systemd" if name == "systemd" else name
        _do(f"mount -t cgroup -o {options} cgroup {GROUPS_ROOT / name}")


def _settings() -> None:
    # Processes of the node find services by name, as the pods they stand for would.
    _do(f"mount --bind {CONFIG}/names.conf /etc/resolv.conf")
    for name, value in SETTINGS.items():
        file = Path("/run/settings", name.replace("/", "."))
        file.parent.mkdir(exist_ok=True)
        file.write_text(value)
        _do(f"mount --bind {file} /proc/sys/{name}")


def _links() -> None:
    """The node's address, and a default route that ends here: without one, connections to services would fail."""
    _do(f"hostname {NODE}")
    _do("ip link set lo up")
    _do("ip link add node0 type veth peer name node1")
    _do(f"ip addr add {NODE_ADDRESS}/24 dev node0")
    for end in ("node0", "node1"):
        _do(f"ip link set {end} up")
    _do("ip route add default dev node0")
    _do("sysctl -qw net.ipv4.ip_forward=1")


def _start_parts() -> None:
    _start("etcd", *ETCD)
    _start("containerd", "containerd", f"--config={CONFIG}/containerd.toml")
    _start("apiserver", *APISERVER)
    _until("The API server", [*KUBECTL, "get", "--raw=/readyz"])
    _start(
        "api-relay", "socat", f"UNIX-LISTEN:{RUN}/api.sock,fork,unlink-early", "TCP:127.0.0.1:6443"
    )
    _start("controller-manager", *CONTROLLERS)
    _start("scheduler", *SCHEDULER)
    _until("containerd", ["ctr", "--namespace=k8s.io", "version"])
    for archive in archives():
        _do(f"ctr --namespace=k8s.io images import {archive}")
    _start("kubelet", *KUBELET)
    _start("proxy", str(BIN / "kube-proxy"), f"--config={CONFIG}/proxy.yaml")
    _until("The node", [*KUBECTL, "get", f"node/{NODE}"])
    _start("metrics-server", *METRICS)
    _start("kube-router", *POLICIES)
    for name in ("coredns", "metrics-server"):
        _do(" ".join([*KUBECTL, "apply", "-f", f"{CONFIG}/{name}.yaml"]))


def _start(name: str, *argv: str) -> None:
    with (LOGS / f"{name}.log").open("wb") as log:
        subprocess.Popen(argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=STATE)


def _do(command: str) -> None:
    done = subprocess.run(command.split(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotStartedError(f"{command}: {done.stderr.strip()}")


def _until(what: str, argv: Sequence[str], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while subprocess.run(argv, capture_output=True, check=False).returncode:
        if time.monotonic() > end:
            raise NotStartedError(f"{what} did not start within {seconds:g} s")
        Event().wait(0.5)


def _flags(program: str, **flags: object) -> tuple[str, ...]:
    """A program of `BIN` and its flags; a flag of `True` says only its name."""
    return (
        str(BIN / program),
        *(_flag(key.replace("_", "-"), value) for key, value in flags.items()),
    )


def _flag(name: str, value: object) -> str:
    return f"--{name}" if value is True else f"--{name}={value}"


ETCD = _flags(
    "etcd", name="local", data_dir=STATE / "etcd", unsafe_no_fsync=True, log_level="warn",
    listen_client_urls="http://127.0.0.1:2379", advertise_client_urls="http://127.0.0.1:2379",
    listen_peer_urls="http://127.0.0.1:2380", initial_advertise_peer_urls="http://127.0.0.1:2380",
    initial_cluster="local=http://127.0.0.1:2380",
)  # fmt: skip
APISERVER = _flags(
    "kube-apiserver", etcd_servers="http://127.0.0.1:2379",
    bind_address="0.0.0.0", secure_port=6443, advertise_address=NODE_ADDRESS,
    service_cluster_ip_range=SERVICES, allow_privileged="true",
    tls_cert_file=KEYS / "apiserver.crt", tls_private_key_file=KEYS / "apiserver.key",
    client_ca_file=KEYS / "ca.crt",
    kubelet_client_certificate=KEYS / "apiserver-kubelet-client.crt",
    kubelet_client_key=KEYS / "apiserver-kubelet-client.key",
    kubelet_certificate_authority=KEYS / "ca.crt", kubelet_preferred_address_types="InternalIP",
    service_account_issuer="https://kubernetes.default.svc",
    service_account_key_file=KEYS / "accounts.pub", service_account_signing_key_file=KEYS / "accounts.key",
    authorization_mode="Node,RBAC", enable_admission_plugins="NodeRestriction",
    requestheader_client_ca_file=KEYS / "ca.crt", requestheader_allowed_names="front-proxy-client",
    requestheader_username_headers="X-Remote-User", requestheader_group_headers="X-Remote-Group",
    requestheader_extra_headers_prefix="X-Remote-Extra-", enable_aggregator_routing="true",
    proxy_client_cert_file=KEYS / "front-proxy-client.crt", proxy_client_key_file=KEYS / "front-proxy-client.key",
)  # fmt: skip
CONTROLLERS = _flags(
    "kube-controller-manager", kubeconfig=CONFIG / "controller-manager.kubeconfig",
    authentication_kubeconfig=CONFIG / "controller-manager.kubeconfig",
    authorization_kubeconfig=CONFIG / "controller-manager.kubeconfig",
    service_account_private_key_file=KEYS / "accounts.key", root_ca_file=KEYS / "ca.crt",
    use_service_account_credentials="true", leader_elect="false", bind_address="127.0.0.1",
    cluster_signing_cert_file=KEYS / "ca.crt", cluster_signing_key_file=KEYS / "ca.key",
    allocate_node_cidrs="true", cluster_cidr="10.244.0.0/16", service_cluster_ip_range=SERVICES,
    # Autoscalers are watched here, not waited for.
    horizontal_pod_autoscaler_sync_period="5s", horizontal_pod_autoscaler_initial_readiness_delay="5s",
    horizontal_pod_autoscaler_cpu_initialization_period="20s",
)  # fmt: skip
SCHEDULER = _flags(
    "kube-scheduler", kubeconfig=CONFIG / "scheduler.kubeconfig",
    authentication_kubeconfig=CONFIG / "scheduler.kubeconfig",
    authorization_kubeconfig=CONFIG / "scheduler.kubeconfig", leader_elect="false", bind_address="127.0.0.1",
)  # fmt: skip
KUBELET = _flags(
    "kubelet", config=CONFIG / "kubelet.yaml", kubeconfig=CONFIG / "kubelet.kubeconfig",
    hostname_override=NODE, node_ip=NODE_ADDRESS, root_dir="/var/lib/kubelet",
    node_labels="topology.kubernetes.io/zone=zone-a",
)  # fmt: skip
METRICS = _flags(
    "metrics-server", kubeconfig=ADMIN, authentication_kubeconfig=ADMIN, authorization_kubeconfig=ADMIN,
    secure_port=4443, cert_dir=STATE / "metrics-server", metric_resolution="10s",
    kubelet_request_timeout="5s",
    kubelet_certificate_authority=KEYS / "ca.crt", kubelet_preferred_address_types="InternalIP",
)  # fmt: skip
POLICIES = _flags(
    "kube-router", run_router="false", run_service_proxy="false", run_firewall="true", kubeconfig=ADMIN,
    hostname_override=NODE, service_cluster_ip_range=SERVICES,
)  # fmt: skip

if __name__ == "__main__":
    main()
