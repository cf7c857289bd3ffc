"""The programs of the cluster, built from their Go modules: no registry of this kind has them built.

The first build takes long (two hours on two cores that had other work as well) and 18 GiB of Go's caches; afterwards, nothing.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from deploy.k8s.local.places import BIN, SOURCES
from deploy.local.processes import run

VERSION = "1.34.2"
"""The last minor release whose kubelet takes cgroups v1 and containerd 1.x as Debian has them."""
KUBERNETES = (
    *("kube-apiserver", "kube-controller-manager", "kube-scheduler"),
    *("kube-proxy", "kubelet", "kubectl"),
)
ETCD = "3.6.6"
STAGED = " => ./staging/src/"
PACKAGES = (
    *("containerd", "runc", "containernetworking-plugins", "iptables", "ipset", "conntrack"),
    *("socat", "iproute2", "mmdebstrap", "buildah", "gcc", "libc6-dev"),
)
"""Of Debian: what runs containers, and what makes their images."""
PAUSE = Path(__file__).with_name("pause.c")


class Program(NamedTuple):
    """A program in a module of its own, built as its authors pinned what it needs."""

    module: str
    version: str
    package: str


PROGRAMS: Mapping[str, Program] = {
    "coredns": Program("github.com/coredns/coredns", "v1.12.4", "."),
    "metrics-server": Program("sigs.k8s.io/metrics-server", "v0.8.0", "./cmd/metrics-server"),
    "kube-router": Program("github.com/cloudnativelabs/kube-router/v2", "v2.1.0", "./cmd/kube-router"),
    "kwok": Program("sigs.k8s.io/kwok", "v0.8.0", "./cmd/kwok"),
    "keda": Program("github.com/kedacore/keda/v2", "v2.21.0", "./cmd/operator"),
    "keda-adapter": Program("github.com/kedacore/keda/v2", "v2.21.0", "./cmd/adapter"),
    "cnpg": Program("github.com/cloudnative-pg/cloudnative-pg", "v1.30.0", "./cmd/manager"),
}  # fmt: skip


def build(say: Callable[[str], None]) -> None:
    """Install Debian's packages and build what is not there yet. LaunchFailure if something cannot be had."""
    missing = [name for name in PACKAGES if not _installed(name)]
    if missing:
        say(f"Installing {', '.join(missing)}")
        run(["apt-get", "update", "-qq"], "Reading Debian's lists")
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
        run(["env", "DEBIAN_FRONTEND=noninteractive", *install], "Installing Debian's packages")
    BIN.mkdir(parents=True, exist_ok=True)
    for name, make in _makers().items():
        if not (BIN / name).exists():
            say(f"Building {name}")
            make(name)


def source_of(module: str, version: str) -> Path:
    """The folder of the module's sources, fetched by Go into its own cache."""
    SOURCES.mkdir(parents=True, exist_ok=True)
    argv = ["go", "mod", "download", "-json", f"{module}@{version}"]
    said = run(["env", "GOFLAGS=-mod=mod", *argv], f"Fetching {module}", cwd=SOURCES)
    folder: str = json.loads(said)["Dir"]
    return Path(folder)


def _makers() -> Mapping[str, Callable[[str], None]]:
    return (
        dict.fromkeys(KUBERNETES, _kubernetes)
        | {"etcd": _etcd, "pause": _pause}
        | dict.fromkeys(PROGRAMS, _program)
    )


def _installed(package: str) -> bool:
    done = subprocess.run(["dpkg", "-s", package], capture_output=True, check=False)
    return done.returncode == 0


def _kubernetes(name: str) -> None:
    """Its module refers to staged ones by paths that only its repository has: they are named by version."""
    folder = SOURCES / "kubernetes"
    if not (folder / "go.sum").exists():
        its = (source_of("k8s.io/kubernetes", f"v{VERSION}") / "go.mod").read_text()
        staged = [line.split(STAGED)[1] for line in its.splitlines() if STAGED in line]
        version = f"v0.{VERSION.partition('.')[2]}"
        replaced = [f"replace {one} => {one} {version}" for one in staged]
        needed = f"require k8s.io/kubernetes v{VERSION}"
        imports = [f'import _ "k8s.io/kubernetes/cmd/{each}"' for each in KUBERNETES]
        _module(folder, [needed, *replaced], ["//go:build tools", "package tools", *imports])
    at, minor = "k8s.io/component-base/version", VERSION.split(".")[1]
    said = {
        "gitVersion": f"v{VERSION}",
        "gitMajor": "1",
        "gitMinor": minor,
        "gitTreeState": "clean",
    }
    flags = " ".join(f"-X {at}.{key}={value}" for key, value in said.items())
    _go_build(folder, name, f"k8s.io/kubernetes/cmd/{name}", flags)


def _etcd(name: str) -> None:
    """A newer one than Debian's, which lacks what today's clients ask for."""
    main = [
        *("package main", "import (", '"os"', '"go.etcd.io/etcd/server/v3/etcdmain"', ")"),
        "func main() { etcdmain.Main(os.Args) }",
    ]
    _module(SOURCES / name, [f"require go.etcd.io/etcd/server/v3 v{ETCD}"], main)
    _go_build(SOURCES / name, name, ".")


def _program(name: str) -> None:
    program, folder = PROGRAMS[name], SOURCES / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source_of(program.module, program.version), folder)
    run(["chmod", "-R", "u+w", str(folder)], "Opening the sources")
    _go_build(folder, name, program.package)


def _pause(name: str) -> None:
    run(["gcc", "-Os", "-static", "-o", str(BIN / name), str(PAUSE)], "Building pause")


def _module(folder: Path, needs: list[str], source: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"module {folder.name}", "go 1.24.0", *needs]
    (folder / "go.mod").write_text("\n".join(lines) + "\n")
    (folder / "main.go").write_text("\n".join(source) + "\n")
    run(["go", "mod", "tidy", "-e"], f"Resolving what {folder.name} needs", cwd=folder)


def _go_build(folder: Path, name: str, package: str, flags: str = "") -> None:
    linked = f"-ldflags=-s -w {flags}"
    argv = ["go", "build", "-trimpath", "-buildvcs=false", linked, "-o", str(BIN / name), package]
    run(["env", "CGO_ENABLED=0", "GOWORK=off", *argv], f"Building {name}", cwd=folder)
