"""What the parts of the cluster read at their start, written from the templates in `config/`."""

import shutil
from string import Template

from deploy.k8s.local import places
from deploy.k8s.local.places import API_PORT, CONFIG, KUBECONFIG, NODE_ADDRESS, TEMPLATES

CLIENTS = ("admin", "controller-manager", "scheduler", "proxy", "kubelet")


def write_configs() -> None:
    """Write all of them into `CONFIG`, and `KUBECONFIG`, with which programs of the machine reach the cluster."""
    (CONFIG / "cni").mkdir(parents=True, exist_ok=True)
    for path in TEMPLATES.iterdir():
        if path.name != "kubeconfig":
            folder = CONFIG / "cni" if path.suffix == ".conflist" else CONFIG
            (folder / path.name).write_text(_filled(path.name))
    (CONFIG / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    (CONFIG / "names.conf").write_text(f"nameserver {places.NAMES}\nsearch cluster.local\n")
    for who in CLIENTS:
        inside = _filled("kubeconfig", WHO=who, SERVER=f"https://{NODE_ADDRESS}:6443")
        (CONFIG / f"{who}.kubeconfig").write_text(inside)
    outside = f"https://127.0.0.1:{API_PORT}"
    KUBECONFIG.write_text(_filled("kubeconfig", WHO="admin", SERVER=outside))
    _write_keda_keys()


def _filled(name: str, **more: str) -> str:
    known = {key: str(value) for key, value in vars(places).items() if key.isupper()}
    return Template((TEMPLATES / name).read_text()).substitute(known | more)


def _write_keda_keys() -> None:
    """KEDA reads its certificate under names of its own."""
    folder = CONFIG / "keda"
    folder.mkdir(exist_ok=True)
    for theirs, ours in {"tls.crt": "keda.crt", "tls.key": "keda.key", "ca.crt": "ca.crt"}.items():
        shutil.copy(places.KEYS / ours, folder / theirs)
