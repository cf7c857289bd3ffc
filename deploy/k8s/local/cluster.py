"""The cluster seen from the machine: started, reached and stopped. It needs root, and Linux with cgroups v1."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any, Self

import psutil

from deploy.k8s.local.configs import write_configs
from deploy.k8s.local.keys import make_keys
from deploy.k8s.local.places import (
    API_PORT,
    BIN,
    FAILED,
    HIERARCHIES,
    HOME,
    KUBECONFIG,
    LOGS,
    NODE,
    NODE_ADDRESS,
    RUN,
    STARTED,
    STATE,
)
from deploy.local.failure import LaunchFailure
from deploy.local.instance import ROOT, Instance
from deploy.local.ports import LOOPBACK
from deploy.local.processes import Child, wait_until_ready, wait_until_serving
from deploy.local.started import Started

NAMESPACES = (
    "--cgroup",
    "--net",
    "--uts",
    "--ipc",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
)
GROUP = "rapport-k8s"
Json = dict[str, Any]


class Cluster(Started):
    """An empty Kubernetes of one node; a context manager, or start() and stop(). Whatever runs in it ends with it."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._instance = Instance(HOME)
        self._say = say
        self._inside: Child | None = None
        self._groups: list[Path] = []

    def start(self) -> Self:
        """Start it and return when its node is ready; LaunchFailure, with what did not start, if it is not."""
        if os.geteuid():
            raise LaunchFailure(
                "The cluster makes namespaces and mounts of its own, for which it must be root."
            )
        try:
            self._begin()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End everything in it, and all that was made for it on the machine."""
        self._instance.release()
        for group in self._groups:
            _remove(group)

    def kubectl(self, *arguments: str, text: str | None = None) -> str:
        """What kubectl says as administrator; LaunchFailure, with its words, if it fails."""
        done = subprocess.run(
            [str(BIN / "kubectl"), f"--kubeconfig={KUBECONFIG}", *arguments],
            input=text, capture_output=True, text=True, check=False, cwd=ROOT,
        )  # fmt: skip
        if done.returncode:
            said = f"{done.stderr.strip()}\n{done.stdout[-1_000:]}".strip()
            raise LaunchFailure(f"kubectl {shlex.join(arguments)}: {said}")
        return done.stdout

    def says(self, *arguments: str) -> bool:
        """Whether kubectl succeeds."""
        try:
            self.kubectl(*arguments)
        except LaunchFailure:
            return False
        return True

    def objects(self, *arguments: str) -> list[Json]:
        """What `kubectl get` finds."""
        found: Json = json.loads(self.kubectl("get", "-o", "json", *arguments))
        items: list[Json] = found.get("items", [found])
        return items

    def inside(self, *argv: str) -> list[str]:
        """The command line that runs a program of this machine where pods and services have addresses."""
        pid = str(self._first_process())
        return ["nsenter", "-t", pid, "-m", "-n", "-u", "-i", "-p", "-C", "--", *argv]

    def run_inside(self, name: str, *argv: str) -> Child:
        """Start a program there; it ends with the cluster."""
        return self._instance.spawn(name, self.inside(*argv))

    def run_beside(self, name: str, *argv: str) -> Child:
        """Start a program on the machine; it ends with the cluster."""
        return self._instance.spawn(name, argv)

    def expose(self, port: int, address: str) -> None:
        """`address` (host:port) of the cluster is port `port` of 127.0.0.1 here."""
        socket = RUN / f"expose-{port}.sock"
        end = ["socat", f"UNIX-LISTEN:{socket},fork,unlink-early", f"TCP:{address}"]
        wait_until_ready(self.run_inside(f"expose-{port}-inside", *end), socket.exists, within=10)
        self._listen(f"expose-{port}", port, socket)

    def bring(self, port: int) -> None:
        """Port `port` of 127.0.0.1 here is the same port of the node for the pods."""
        socket = RUN / f"bring-{port}.sock"
        end = ["socat", f"UNIX-LISTEN:{socket},fork,unlink-early", f"TCP:{LOOPBACK}:{port}"]
        wait_until_ready(self.run_beside(f"bring-{port}", *end), socket.exists, within=10)
        listen = f"TCP-LISTEN:{port},bind={NODE_ADDRESS},fork,reuseaddr"
        self.run_inside(f"bring-{port}-inside", "socat", listen, f"UNIX-CONNECT:{socket}")

    def _listen(self, name: str, port: int, socket: Path) -> None:
        """Whoever connects to the port of this machine is connected to the socket."""
        listen = f"TCP-LISTEN:{port},bind={LOOPBACK},fork,reuseaddr"
        child = self.run_beside(name, "socat", listen, f"UNIX-CONNECT:{socket}")
        wait_until_serving(child, port, within=10)

    def _begin(self) -> None:
        make_keys()
        write_configs()
        _empty_folders()
        self._say("Starting Kubernetes ...")
        self._inside = self._instance.spawn("node", self._in_namespaces())
        wait_until_ready(self._inside, _started, within=180)
        self._listen("api-relay", API_PORT, RUN / "api.sock")
        wait_until_ready(self._inside, self._node_is_ready, within=120)

    def _in_namespaces(self) -> list[str]:
        """The command line of the cluster's first process: it enters our control groups, then namespaces of its own."""
        self._groups = [group for name in HIERARCHIES if (group := _group(name))]
        entering = (f"echo $$ > {shlex.quote(str(group))}/cgroup.procs;" for group in self._groups)
        argv = ["unshare", *NAMESPACES, sys.executable, "-m", "deploy.k8s.local.node"]
        return ["sh", "-c", f"{' '.join(entering)} exec {shlex.join(argv)}"]

    def _node_is_ready(self) -> bool:
        return self.says("wait", "--for=condition=Ready", f"node/{NODE}", "--timeout=5s")

    def _first_process(self) -> int:
        if self._inside is None:
            raise LaunchFailure("The cluster has not been started.")
        [first] = psutil.Process(self._inside.pid).children()
        return int(first.pid)


def _empty_folders() -> None:
    """Of what an earlier cluster left, only its logs stay."""
    for folder in (STATE, RUN):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in (STATE, RUN, LOGS):
        folder.mkdir(parents=True, exist_ok=True)


def _started() -> bool:
    if FAILED.exists():
        raise LaunchFailure(f"The cluster did not start: {FAILED.read_text()}")
    return STARTED.exists()


def _group(hierarchy: str) -> Path | None:
    """A folder of our own below where we are in the hierarchy; None if the machine has it not."""
    root = Path("/sys/fs/cgroup", hierarchy)
    if not root.exists():
        return None
    lines = (line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines())
    [at] = [
        where for _, names, where in lines if hierarchy in names.removeprefix("name=").split(",")
    ]
    group = root / at.strip("/") / GROUP
    group.mkdir(exist_ok=True)
    if hierarchy == "cpuset":
        for setting in ("cpuset.cpus", "cpuset.mems"):
            (group / setting).write_text((group.parent / setting).read_text())
    return group


def _remove(group: Path) -> None:
    """The folder and those below it, once the last process in them is gone."""
    for _ in range(40):
        for folder in sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True):
            _try_to_remove(folder)
        if _try_to_remove(group):
            return
        Event().wait(0.25)


def _try_to_remove(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
