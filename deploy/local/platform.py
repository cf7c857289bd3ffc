"""The four services as processes on local parts: an api and a worker of each."""

import asyncio
import json
import os
import secrets
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from deploy.local.instance import ROOT
from deploy.local.parts import LocalParts
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.postgres import OWNER, PROCESSES
from deploy.local.processes import Child, http_ok, run, stop_all, wait_until_serving
from deploy.local.signposts import telemetry_environment
from deploy.local.started import Started
from deploy.local.tokens import AUDIENCE, ISSUER, TokenIssuer
from shared.contracts import topics
from shared.messaging.kafka_topics import create_topics
from shared.settings import KafkaSettings

SERVICES = (topics.INTAKE, topics.ROUTING, topics.FOLLOWUP, topics.ANALYTICS)
API, WORKER = "api", "worker"
REPLICAS, PARTITIONS = 1, 8
"""One broker holds every copy; and it takes seconds to open the files of three times as many partitions."""


@dataclass(frozen=True)
class Addresses:
    """Where the platform is reached: base URLs by service, and by (service, role) for operators."""

    api: dict[str, str]
    ops: dict[tuple[str, str], str]
    smtp: tuple[str, int]
    bootstrap: str
    dsn: dict[str, str]


class Platform(Started):
    """Databases, topics, migrations and eight processes; a context manager, or start() and stop().

    `parts` must have been started; they are stopped by whoever started them. Intake hands outgoing
    mail to `mail` (host, port). `extra_env` adds variables per service, also after construction and
    until `start`, when the ports in `addresses` are known.
    """

    def __init__(
        self,
        parts: LocalParts,
        *,
        mail: tuple[str, int],
        extra_env: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.parts = parts
        self.issuer = TokenIssuer(parts.instance.home / "issuer")
        self.extra_env = {name: dict((extra_env or {}).get(name, {})) for name in SERVICES}
        self.running: dict[tuple[str, str], Child] = {}
        self._mail = mail
        self._api_ports = {name: stable_port(parts, f"{name} api") for name in SERVICES}
        self._ops_ports = {
            (name, role): stable_port(parts, f"{name} {role} ops")
            for name in SERVICES
            for role in (API, WORKER)
        }
        self._smtp_port = stable_port(parts, "smtp")

    @property
    def addresses(self) -> Addresses:
        return Addresses(
            api={name: _url(port) for name, port in self._api_ports.items()},
            ops={process: _url(port) for process, port in self._ops_ports.items()},
            smtp=(LOOPBACK, self._smtp_port),
            bootstrap=self.parts.broker.bootstrap,
            dsn={name: self.parts.postgres.dsn(name, PROCESSES) for name in SERVICES},
        )

    def start(self) -> Self:
        """Start everything and return when all processes are ready; else leave none running."""
        try:
            self.prepare()
            # Another broker would take our services into groups of the same names.
            self.parts.broker.require()
            for service, role in self._ops_ports:
                self.spawn(service, role)
            for service, role in self._ops_ports:
                self.wait_until_ready(service, role)
        except BaseException:
            self.stop()
            raise
        return self

    def prepare(self) -> None:
        """Create databases and topics and migrate. Harmless when it was done before."""
        self.create_databases()
        with ThreadPoolExecutor() as together:
            work = [together.submit(self._migrate, service) for service in SERVICES]
            work.append(together.submit(self._create_topics))
        for one in work:
            one.result()

    def create_databases(self) -> None:
        """Create the services' databases, empty, and their users. Harmless when it was done before."""
        self.parts.postgres.create_roles()
        for service in SERVICES:
            self.parts.postgres.create_database(service, OWNER)

    def spawn(self, service: str, role: str) -> Child:
        """Start one process (again); it is not yet ready."""
        argv = [sys.executable, "-m", f"services.{service}", role]
        env = surroundings() | self.environment(service, role)
        child = self.parts.instance.spawn(f"{service}-{role}", argv, env=env)
        self.running[service, role] = child
        return child

    def wait_until_ready(self, service: str, role: str, within: float = 60.0) -> None:
        """Return once the process says it is ready; LaunchFailure with its log if it does not."""
        port = self._ops_ports[service, role]
        child = self.running[service, role]
        wait_until_serving(child, port, lambda: http_ok(port, "/readyz"), within)

    def start_process(self, service: str, role: str) -> None:
        """Start one process (again) and return when it is ready."""
        self.spawn(service, role)
        self.wait_until_ready(service, role)

    def start_broker(self) -> None:
        """Start the broker again, with the topics, which the embedded one forgets."""
        self.parts.broker.start()
        self._create_topics()

    def stop(self) -> None:
        """Stop the apis, then the workers: nothing comes in while what came is finished."""
        for role in (API, WORKER):
            stop_all([child for (_, its), child in self.running.items() if its == role], within=25)

    def environment(self, service: str, role: str) -> dict[str, str]:
        """The variables that make a process of `service` part of this platform."""
        mine = {
            "RAPPORT_DATABASE__DSN": self.parts.postgres.dsn(service, PROCESSES),
            "RAPPORT_HTTP__HOST": LOOPBACK,
            "RAPPORT_HTTP__PORT": str(self._api_ports[service]),
            "RAPPORT_OPS__HOST": LOOPBACK,
            "RAPPORT_OPS__PORT": str(self._ops_ports[service, role]),
            "RAPPORT_AUTH__ISSUER": ISSUER,
            "RAPPORT_AUTH__AUDIENCE": AUDIENCE,
            "RAPPORT_AUTH__JWKS": str(self.issuer.jwks),
        }
        own = {topics.INTAKE: self._of_intake, topics.FOLLOWUP: self._of_followup}
        theirs = own[service]() if service in own else {}
        shown = telemetry_environment()
        return mine | kafka_environment(self.parts) | theirs | shown | self.extra_env[service]

    def migration_environment(self, service: str) -> dict[str, str]:
        """The variables with which its database is migrated: as the owner of the tables."""
        owners = {"RAPPORT_DATABASE__DSN": self.parts.postgres.dsn(service, OWNER)}
        return self.environment(service, WORKER) | owners

    def _of_intake(self) -> dict[str, str]:
        host, port = self._mail
        return {
            "RAPPORT_SMTP__HOST": LOOPBACK,
            "RAPPORT_SMTP__PORT": str(self._smtp_port),
            "RAPPORT_ATTACHMENTS__URL": (self.parts.instance.home / "attachments").as_uri(),
            "RAPPORT_ATTACHMENTS__SINGLE_NODE": "true",
            "RAPPORT_MAIL__HOST": host,
            "RAPPORT_MAIL__PORT": str(port),
        }

    def _of_followup(self) -> dict[str, str]:
        # Kept with the instance, so that links sent before a restart still open.
        secret = self.parts.instance.fact("link_secret") or secrets.token_urlsafe(32)
        self.parts.instance.note(link_secret=secret)
        return {
            "RAPPORT_PUBLIC_URL": _url(self._api_ports[topics.FOLLOWUP]),
            "RAPPORT_LINK_SECRETS": json.dumps([secret]),
        }

    def _migrate(self, service: str) -> None:
        argv = [sys.executable, "-m", f"services.{service}", "migrate"]
        env = surroundings() | self.migration_environment(service)
        run(argv, f"Migrating the database of {service}", env=env, cwd=ROOT)

    def _create_topics(self) -> None:
        settings = KafkaSettings(
            bootstrap=self.parts.broker.bootstrap,
            min_insync_replicas=REPLICAS,
            replication_factor=REPLICAS,
            max_partitions=PARTITIONS,
        )
        asyncio.run(create_topics(settings, topics.ALL))


def kafka_environment(parts: LocalParts) -> dict[str, str]:
    """The variables that lead a process to the broker; a dead consumer is noticed soon."""
    # The embedded broker lets everybody wait for the whole session at each join; and where several
    # members of a group left and came at once, it may name a leader who is gone: nobody is served.
    session, heartbeat, members = (6_000, 500, 2) if parts.broker.idempotent else (2_000, 100, 1)
    return {
        "RAPPORT_KAFKA__BOOTSTRAP": parts.broker.bootstrap,
        "RAPPORT_KAFKA__IDEMPOTENT": str(parts.broker.idempotent).lower(),
        "RAPPORT_KAFKA__SESSION_TIMEOUT_MS": str(session),
        "RAPPORT_KAFKA__HEARTBEAT_INTERVAL_MS": str(heartbeat),
        "RAPPORT_KAFKA__GROUP_MEMBERS": str(members),
        "RAPPORT_KAFKA__MIN_INSYNC_REPLICAS": str(REPLICAS),
        "RAPPORT_KAFKA__REPLICATION_FACTOR": str(REPLICAS),
        "RAPPORT_KAFKA__MAX_PARTITIONS": str(PARTITIONS),
    }


def stable_port(parts: LocalParts, name: str) -> int:
    """The port this instance had under the name before, or another one if somebody has taken it."""
    kept: dict[str, int] = parts.instance.fact("ports") or {}
    port = free_port(kept.get(name))
    parts.instance.note(ports=kept | {name: port})
    return port


def spawn_mailbox(parts: LocalParts) -> tuple[str, int]:
    """Start a mail server that keeps what it is given in `home/mailbox`; its host and port.

    LaunchFailure if it cannot listen: whoever does in its place would get our customers' mail.
    """
    port = stable_port(parts, "mailbox")
    folder: Path = parts.instance.home / "mailbox"
    mailbox = parts.instance.spawn("mailbox", mail_server(port, folder))
    wait_until_serving(mailbox, port)
    return LOOPBACK, port


def mail_server(port: int, folder: Path) -> list[str]:
    """The command line of a mail server on loopback that keeps what it is given in `folder`."""
    keep = ["-c", "aiosmtpd.handlers.Mailbox", str(folder)]
    return [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"{LOOPBACK}:{port}", *keep]


def surroundings() -> dict[str, str]:
    """Our own environment, less what could make a process part of another platform."""
    return {key: value for key, value in os.environ.items() if not key.startswith("RAPPORT_")}


def _url(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"
