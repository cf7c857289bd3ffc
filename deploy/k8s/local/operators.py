"""The operators that the manifests speak to, and the kinds of objects they define."""

from pathlib import Path

from deploy.k8s.local.cluster import Cluster
from deploy.k8s.local.places import BIN, CONFIG, NODE_ADDRESS
from deploy.k8s.local.programs import PROGRAMS, source_of

CNPG, KEDA = PROGRAMS["cnpg"], PROGRAMS["keda"]
DEFINITIONS = (
    (KEDA.module, KEDA.version, "config/crd/bases"),
    (
        "github.com/prometheus-operator/prometheus-operator",
        "v0.85.0",
        "example/prometheus-operator-crd",
    ),
    ("sigs.k8s.io/gateway-api", "v1.6.3", "config/crd/standard"),
)
"""Kinds for which nothing runs here stand beside those of KEDA: what is said of them is checked all the same."""
ADMIN = str(CONFIG / "admin.kubeconfig")
KEYS = str(CONFIG / "keda")


def install_operators(cluster: Cluster) -> None:
    """CloudNativePG as a pod, KEDA as processes of the node."""
    for module, version, folder in DEFINITIONS:
        path = str(source_of(module, version) / folder)
        cluster.kubectl("apply", "--server-side", "-f", path)
    release = source_of(CNPG.module, CNPG.version) / f"releases/cnpg-{CNPG.version[1:]}.yaml"
    # Its image is here already, and no registry is.
    text = release.read_text().replace("imagePullPolicy: Always", "imagePullPolicy: IfNotPresent")
    cluster.kubectl("apply", "--server-side", "-f", "-", text=text)
    _start_keda(cluster)
    for metrics in ("v1beta1.metrics.k8s.io", "v1beta1.external.metrics.k8s.io"):
        known = ("--for=condition=Available", f"apiservice/{metrics}", "--timeout=120s")
        cluster.kubectl("wait", *known)
    where = ("-n", "cnpg-system", "deployment/cnpg-controller-manager")
    cluster.kubectl("rollout", "status", "--timeout=120s", *where)


def _start_keda(cluster: Cluster) -> None:
    cluster.kubectl("apply", "--server-side", "-f", str(CONFIG / "keda.yaml"))
    cluster.run_inside("keda", *_in_keda("keda", *OPERATOR))
    cluster.run_inside("keda-adapter", *_in_keda("keda-adapter", *ADAPTER))


def _in_keda(program: str, *flags: str) -> list[str]:
    known = ["POD_NAMESPACE=keda", "KEDA_CLUSTER_OBJECT_NAMESPACE=keda", "WATCH_NAMESPACE="]
    known += [f"KUBECONFIG={ADMIN}"]
    return ["env", *known, str(Path(BIN, program)), *flags]


OPERATOR = (
    "--enable-cert-rotation=false", "--enable-apiservice-patching=false", "--enable-webhook-patching=false",
    f"--cert-dir={KEYS}",
)  # fmt: skip
ADAPTER = (
    f"--kubeconfig={ADMIN}", f"--lister-kubeconfig={ADMIN}", f"--authentication-kubeconfig={ADMIN}",
    f"--authorization-kubeconfig={ADMIN}", "--secure-port=6444", "--port=8098", f"--cert-dir={KEYS}",
    f"--bind-address={NODE_ADDRESS}",
    "--metrics-service-address=127.0.0.1:9666", "--metrics-service-grpc-authority=localhost",
)  # fmt: skip
