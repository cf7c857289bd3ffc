"""Apache Kafka's jars: fetched once by their coordinates, run only if their digests are pinned.

`python -m deploy.local.kafka_jars` writes the list of digests anew, for another version of Kafka.
"""

import argparse
import fcntl
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from deploy.local.failure import KafkaUnavailable, LaunchFailure
from deploy.local.instance import LOCAL
from deploy.local.maven import download, resolve

VERSION = "4.3.0"
KAFKA = f"org.apache.kafka:kafka_2.13:{VERSION}"
# Kafka brings its log library but not the piece that connects the two.
LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"
PINS = Path(__file__).with_name("kafka-jars.txt")
FOLDER = LOCAL / "kafka" / VERSION
_TELL_EVERY = 15
_HEADER = f"""\
# Apache Kafka {VERSION} and all it needs to run: SHA-256 and Maven coordinate of each jar.
# Only files with these digests are ever run. Written by: python -m deploy.local.kafka_jars
"""


@dataclass(frozen=True)
class Jar:
    """A jar that may be run: its coordinate (group:artifact:version) and its SHA-256 in hex."""

    coordinate: str
    sha256: str

    @property
    def file_name(self) -> str:
        _group, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


def pinned(pins: Path = PINS) -> list[Jar]:
    """The committed list of jars."""
    lines = [line for line in pins.read_text().splitlines() if not line.startswith("#")]
    return [Jar(coordinate, digest) for digest, coordinate in (line.split() for line in lines)]


def class_path(say: Callable[[str], None], jars: list[Jar], folder: Path = FOLDER) -> str:
    """Java's class path of exactly these jars, in `folder`, fetching those that are missing.

    KafkaUnavailable if they cannot be fetched; LaunchFailure if one is not the file that was
    pinned, whether it was fetched now or lay there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _alone_in(folder):
        missing = [jar for jar in jars if not (folder / jar.file_name).exists()]
        if missing:
            _fetch(missing, folder, say)
        for jar in jars:
            check(jar, folder / jar.file_name)
    return ":".join(str(folder / jar.file_name) for jar in jars)


def check(jar: Jar, path: Path) -> None:
    """LaunchFailure unless the file at `path` has the pinned digest."""
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != jar.sha256:
        raise LaunchFailure(
            f"{jar.file_name} is not the file that was pinned, so it is not run.\n"
            f"  expected SHA-256 {jar.sha256}\n  found SHA-256    {found}\n  in {path.parent}\n"
            "Remove it to have it fetched again; if it comes back like this, ask where it came from."
        )


def _fetch(jars: list[Jar], folder: Path, say: Callable[[str], None]) -> None:
    say(f"Fetching Apache Kafka {VERSION} ({len(jars)} jars, 43 MB in all, once) ...")
    with (
        tempfile.TemporaryDirectory(dir=folder.parent, prefix="fetching-") as scratch,
        ThreadPoolExecutor(max_workers=6) as several,
    ):
        fetched = several.map(lambda jar: _fetch_one(jar, folder, Path(scratch)), jars)
        for count, _ in enumerate(fetched, start=1):
            if count % _TELL_EVERY == 0:
                say(f"  {count} of {len(jars)} jars")


def _fetch_one(jar: Jar, folder: Path, scratch: Path) -> None:
    # A file gets its name in `folder` only when it is whole and checked: being killed in the
    # middle leaves nothing that looks like a jar.
    path = _download(jar, scratch)
    check(jar, path)
    path.replace(folder / jar.file_name)


def _download(jar: Jar, scratch: Path, attempts: int = 3) -> Path:
    try:
        return download(jar.coordinate, scratch)
    except (OSError, RuntimeError) as error:
        if attempts > 1 and not isinstance(error, requests.ConnectionError):
            return _download(jar, scratch, attempts - 1)
        raise KafkaUnavailable(
            f"Apache Kafka's jars cannot be fetched ({type(error).__name__} at {jar.file_name})."
        ) from error


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_pins(pins: Path = PINS) -> None:
    """Resolve Kafka with all it needs and write the list of digests."""
    # One by one, and Kafka's own choice last: resolved together they would mix versions.
    found = resolve(LOGGING) | resolve(KAFKA)
    newest = {coordinate.rsplit(":", 1)[0]: coordinate for coordinate in found}
    lines = [f"{found[newest[name]]}  {newest[name]}\n" for name in sorted(newest)]
    pins.write_text(_HEADER + "".join(lines))


if __name__ == "__main__":
    argparse.ArgumentParser(
        prog="python -m deploy.local.kafka_jars", description=write_pins.__doc__
    ).parse_args()
    write_pins()
