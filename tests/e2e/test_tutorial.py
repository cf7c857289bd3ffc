"""Pages followed to the letter in a copy of the project: every command of them, in their order."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.instance import LOCAL, ROOT
from deploy.local.kafka_jars import FOLDER

PAGES = ("integrate/publish.md", "integrate/consume.md", "tutorial.md")
"""The tutorial is last: it ends what all of them start."""
COPIED = ("deploy", "services", "shared", "docs", "requirements")
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
WITHIN_SECONDS = 300
STRICT = "set -eu\n"


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """A copy of the project; what is installed is taken from here. Nothing of it runs on."""
    for package in COPIED:
        shutil.copytree(ROOT / package, tmp_path / package)
    for file in ("Makefile", "pyproject.toml"):
        shutil.copy2(ROOT / file, tmp_path / file)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    for lock in (tmp_path / "requirements").iterdir():
        os.utime(lock, (0, 0))  # older than what is installed, so that nothing is installed again
    kafka = tmp_path / FOLDER.parent.relative_to(ROOT)
    kafka.parent.mkdir()
    kafka.symlink_to(LOCAL / FOLDER.parent.name)
    yield tmp_path
    typed(tmp_path, "make down")


@pytest.mark.timeout(WITHIN_SECONDS + 60)
def test_every_command_works_from_another_systems_contact_to_the_moved_figure(clone: Path) -> None:
    pages = [(ROOT / "docs" / page).read_text() for page in PAGES]
    followed = typed(clone, "\n".join(block for page in pages for block in BLOCK.findall(page)))
    assert followed.returncode == 0, followed.stdout[-4_000:]
    assert "Published order-48211" in followed.stdout
    assert "rapport.contact.received.v1" in followed.stdout
    moved = re.search(r'"n": 1,\s+"values": \{\s+"share": 1\.0', followed.stdout)
    assert moved, followed.stdout[-4_000:]
    assert "beyond your authority" in followed.stdout
    assert typed(clone, "make -s shell").returncode != 0, "it was to be ended"


def typed(
    folder: Path,
    commands: str,
    known: dict[str, str] | None = None,
    within: float = WITHIN_SECONDS,
) -> "subprocess.CompletedProcess[str]":
    """What a person sees who types these into a shell that knows these variables; they stop at the first that fails."""
    return subprocess.run(
        ["bash", "-c", STRICT + commands],
        cwd=folder,
        env=os.environ | {"MAKEFLAGS": "--no-print-directory"} | (known or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=within,
        check=False,
    )
