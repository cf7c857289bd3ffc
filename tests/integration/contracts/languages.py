"""The languages of docs/integrate/languages.md: their commands as the page has them, and whether a language is here."""

import os
import re
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from deploy.local.failure import KafkaUnavailable
from deploy.local.instance import ROOT
from deploy.local.kafka_jars import class_path, pinned
from deploy.local.parts import say_plainly
from shared.settings import KafkaSettings
from tests.architecture.pages import commands
from tests.support.packages import Done, fetched, run

PAGE = ROOT / "docs" / "integrate" / "languages.md"
SECTION = re.compile(r"^## (\w+)$", re.MULTILINE)
QUICK = {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
"""Short programs are over before the slow compiler pays."""


@dataclass(frozen=True)
class Language:
    """One of the page's languages, prepared in a folder that looks like the project's."""

    name: str
    folder: Path
    publish: str
    consume: str

    def publishes(self, broker: KafkaSettings, **options: str) -> Done:
        """Type the page's command to publish; options given here count, not those of the page."""
        return self._typed(self.publish, broker, options)

    def consumes(self, broker: KafkaSettings, **options: str) -> Done:
        """Type the page's command to consume."""
        return self._typed(self.consume, broker, options)

    def _typed(self, command: str, broker: KafkaSettings, options: dict[str, str]) -> Done:
        more = shlex.join(word for name, value in options.items() for word in (f"--{name}", value))
        return run(f"{command} {more}", self.folder, QUICK | {"KAFKA": broker.bootstrap})


@cache
def sections() -> dict[str, list[str]]:
    """The commands of each language."""
    _, *parts = SECTION.split(PAGE.read_text("utf-8"))
    return {name: commands(text) for name, text in zip(parts[::2], parts[1::2], strict=True)}


def prepared(name: str, folder: Path) -> Language:
    """The language after what the page has one do once; skips where it is not here."""
    NEEDS.get(name, _nothing)()
    for part in ("docs", ".venv", ".local"):
        (folder / part).symlink_to(ROOT / part)
    *preparations, publish, consume = sections()[name]
    for command in preparations:
        fetched(command, folder)
    # What it counted in an earlier run is not counted again.
    return Language(name, folder, publish, consume.replace(".local/outcomes.db", "outcomes.db"))


def _nothing() -> None:
    """Python runs the tests, and Node.js comes with them: where either is missing, tests fail."""


def _jdk() -> None:
    """Java is here if there is a `javac` of version 17 or newer, and Kafka's jars can be had."""
    _at_least("javac --version", (17, 0))
    try:
        class_path(say_plainly, pinned())
    except KafkaUnavailable as reason:
        pytest.skip(str(reason))


def _go() -> None:
    """Go is here if there is a `go` of version 1.24 or newer."""
    _at_least("go version", (1, 24))


def _at_least(command: str, wanted: tuple[int, int]) -> None:
    tool = command.partition(" ")[0]
    if not shutil.which(tool):
        pytest.skip(f"there is no {tool} on this machine")
    found = run(command, ROOT, os.environ).stdout
    version = re.search(r"(\d+)\.(\d+)", found)
    assert version, found
    if (int(version[1]), int(version[2])) < wanted:
        pytest.skip(f"{found.strip()} is older than {wanted}")


NEEDS: dict[str, Callable[[], None]] = {"Java": _jdk, "Go": _go}
