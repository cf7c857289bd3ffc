"""Rapport on the cluster of this machine, as the manifests describe it, with what others bring to a real one."""

import asyncio
import base64
import hashlib
import os
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Self

import yaml

from deploy.k8s.local.cluster import Cluster
from deploy.k8s.local.images import make_rapport
from deploy.k8s.local.operators import install_operators
from deploy.k8s.local.places import HOME, IMAGES, STATE
from deploy.k8s.local.rights import give_rights
from deploy.k8s.local.secrets import made_up
from deploy.local.instance import ROOT
from deploy.local.platform import SERVICES, Addresses, mail_server
from deploy.local.started import Started
from deploy.local.tokens import TokenIssuer
from shared.contracts.topics import ALL
from shared.messaging.kafka_topics import create_topics
from shared.settings import KafkaSettings

Json = dict[str, Any]
NAMESPACE = "rapport"
HERE, BEFORE = "here", "before"
"""Tags of our image: of these sources, and of the release before."""
MAILBOX = HOME / "mailbox"
OVERLAY = Path(__file__).with_name("overlay")
SOURCES = (
    "services",
    "shared",
    "requirements/runtime.txt",
    "requirements/sbom.txt",
    "deploy/image/Dockerfile",
)
HTTP_PORTS = dict(zip(SERVICES, range(28080, 28084), strict=True))
DATABASE_PORTS = dict(zip(SERVICES, range(28432, 28436), strict=True))
SMTP_PORT, BROKER_PORT, MAIL_PORT = 28025, 28092, 28125
VOLUMES, POSTGRES_USER = 24, 26
ALONE: Json = {"replication_factor": 1, "min_insync_replicas": 1}
STRIMZI = ROOT / "deploy/k8s/components/strimzi"
FIRST = "app.kubernetes.io/component notin (api,consumers,relay,jobs,delivery)"
"""What the processes need: settings, databases, and the jobs that migrate them."""


class Platform(Started):
    """A cluster with all that Rapport asks of others, and Rapport once it is released; a context manager.

    Mail to customers goes to port `MAIL_PORT` of this machine, whoever listens.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.cluster = Cluster(say)
        self.issuer = TokenIssuer(HOME / "issuer")
        self._say = say

    @property
    def addresses(self) -> Addresses:
        """Where it is reached from this machine, once it is `reached`; operators' addresses are the cluster's alone."""
        return Addresses(
            api={name: f"http://127.0.0.1:{port}" for name, port in HTTP_PORTS.items()},
            ops={},
            smtp=("127.0.0.1", SMTP_PORT),
            bootstrap=f"127.0.0.1:{BROKER_PORT}",
            dsn={name: self._dsn(name) for name in SERVICES},
        )

    def start(self) -> Self:
        """Start the cluster, the operators and the broker, without Rapport; else leave nothing running."""
        self.cluster.start()
        try:
            self._prepare()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the cluster, and with it everything."""
        self.cluster.stop()

    def release(self, tag: str) -> None:
        """Bring the release of the image `localhost/rapport:<tag>`: its migrations to their end, then its processes."""
        self._say(f"Bringing release {tag} ...")
        self.kubectl("delete", "job", "--all", "--ignore-not-found")
        manifests = self.manifests(tag)
        self.apply(manifests, "--selector", FIRST)
        self.kubectl("wait", "--for=condition=Complete", "job", "--all", "--timeout=300s")
        self.apply(manifests)
        self.wait_for_rollout()

    def wait_for_rollout(self) -> None:
        """Returns when every Deployment runs what it was told last, all of it ready."""
        self.kubectl("rollout", "status", "deployment", "--timeout=300s")

    def manifests(self, tag: str) -> str:
        """What is applied, as YAML."""
        built = self.cluster.kubectl("kustomize", str(OVERLAY))
        return built.replace(f"localhost/rapport:{HERE}", f"localhost/rapport:{tag}")

    def apply(self, manifests: str, *more: str) -> None:
        """As a user would: by the server, strictly."""
        how = ("--server-side", "--force-conflicts", "--validate=strict")
        self.cluster.kubectl("apply", *how, *more, "-f", "-", text=manifests)

    def kubectl(self, *arguments: str) -> str:
        """In the namespace of Rapport."""
        return self.cluster.kubectl("-n", NAMESPACE, *arguments)

    def reached(self) -> None:
        """From now on it is reached at `addresses`. It must have been released."""
        for service in SERVICES:
            self._expose_service(HTTP_PORTS[service], f"{service}-api", 80)
            self._expose_service(DATABASE_PORTS[service], f"{service}-database-rw", 5432)
        self._expose_service(SMTP_PORT, "intake-smtp", 25)

    def keep_mail(self) -> None:
        """Keep what customers are written in `MAILBOX`."""
        self.cluster.run_beside("mailbox", *mail_server(MAIL_PORT, MAILBOX))

    def _prepare(self) -> None:
        """Operators, volumes, secrets and the broker with its topics: what there is before Rapport comes."""
        self._say("Installing CloudNativePG and KEDA ...")
        install_operators(self.cluster)
        self.cluster.bring(MAIL_PORT)
        manifests, users = self.manifests(HERE), self._users()
        self.apply(yaml.safe_dump_all(of_kind(manifests, "Namespace")))
        self.apply(manifests, "--selector", "rapport.example/before=everything")
        secrets = made_up(self.issuer, [user["metadata"]["name"] for user in users])
        self.apply(yaml.safe_dump_all([*_volumes(), *secrets]), "--namespace", NAMESPACE)
        self.kubectl("rollout", "status", "statefulset", "--timeout=120s")
        self._expose_service(BROKER_PORT, "rapport-kafka-bootstrap", 9092)
        broker = KafkaSettings(bootstrap=f"127.0.0.1:{BROKER_PORT}", **ALONE)
        asyncio.run(create_topics(broker, ALL))
        give_rights(self.cluster, NAMESPACE, users)

    def _users(self) -> list[Json]:
        """Of the broker, as Strimzi is told to make them."""
        return of_kind(self.cluster.kubectl("kustomize", str(STRIMZI)), "KafkaUser")

    def _expose_service(self, port: int, service: str, its: int) -> None:
        address = self.kubectl("get", "service", service, "-o", "jsonpath={.spec.clusterIP}")
        self.cluster.expose(port, f"{address}:{its}")

    def _dsn(self, service: str) -> str:
        [secret] = self.cluster.objects("-n", NAMESPACE, f"secret/{service}-database-processes")
        password = base64.b64decode(secret["data"]["password"]).decode()
        return f"postgresql://processes:{password}@127.0.0.1:{DATABASE_PORTS[service]}/{service}?sslmode=require"


def have_image(tag: str, root: Path, say: Callable[[str], None]) -> None:
    """Build the image `localhost/rapport:<tag>` of the sources in `root`, unless it was built of the same."""
    digest = hashlib.sha256()
    for path in sorted(chain.from_iterable(_files(root / name) for name in SOURCES)):
        digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    made_of = IMAGES / f"rapport-{tag}.sources"
    if not made_of.exists() or made_of.read_text() != digest.hexdigest():
        say(f"Building the image of {root} ...")
        make_rapport(tag, root)
        made_of.write_text(digest.hexdigest())


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    else:
        yield from (each for each in path.rglob("*") if each.is_file() and each.suffix != ".pyc")


def of_kind(manifests: str, kind: str) -> list[Json]:
    """Those of this kind."""
    return [each for each in yaml.safe_load_all(manifests) if each["kind"] == kind]


def _volumes() -> Iterator[Json]:
    """Folders of the node that belong to PostgreSQL's user, one for each claim there may be."""
    for number in range(VOLUMES):
        folder = STATE / f"volume-{number}"
        folder.mkdir(mode=0o700)
        os.chown(folder, POSTGRES_USER, POSTGRES_USER)
        yield {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": f"folder-{number}"},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "capacity": {"storage": "1Ti"},
                "hostPath": {"path": str(folder)},
                "storageClassName": "folders",
            },
        }
