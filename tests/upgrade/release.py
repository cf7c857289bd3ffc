"""The code of a release: its tree as it was committed, and an interpreter that has what it requires."""

import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from deploy.local.instance import ROOT
from deploy.local.processes import run

RELEASES = ROOT / "RELEASES"
REQUIREMENTS = Path("requirements", "runtime.txt")
VARIABLES = Path("shared", "settings", "variables.json")


class Code(NamedTuple):
    """Which code a process runs: the tree that it starts in, and the interpreter."""

    tree: Path = ROOT
    python: str = sys.executable

    def known(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The variables without those of settings that this code has not: it would refuse to start."""
        readers = json.loads((self.tree / VARIABLES).read_text("utf-8"))["readers"]
        return {name: value for name, value in environment.items() if name in readers}

    def run(self, *arguments: str, env: Mapping[str, str]) -> None:
        """Run one of its programs to its end; LaunchFailure, with what it said, if it fails."""
        run([self.python, *arguments], " ".join(arguments), env=env, cwd=self.tree)


def commit_to_upgrade_from() -> str:
    """`FROM_RELEASE`, else the commit in the last line of RELEASES; where there is none, skips."""
    commit = os.environ.get("FROM_RELEASE") or last_released(RELEASES.read_text("utf-8"))
    if commit is None:
        pytest.skip("RELEASES is empty: no release to upgrade from (FROM_RELEASE names a commit)")
    return commit


def last_released(releases: str) -> str | None:
    """The commit in the last line that is a release: version, commit, date."""
    lines = [line for line in releases.splitlines() if line.strip() and line[0] != "#"]
    return re.split(r"[,\s]+", lines[-1].strip())[1] if lines else None


@contextmanager
def code_of(commit: str) -> Iterator[Code]:
    """The code of a commit, in a folder that is gone afterwards; fails if it is not in the history."""
    with TemporaryDirectory(prefix="rapport-release-") as folder:
        tree = Path(folder, "tree")
        with tarfile.open(fileobj=BytesIO(archive_of(commit))) as files:
            files.extractall(tree, filter="data")
        same = (tree / REQUIREMENTS).read_bytes() == (ROOT / REQUIREMENTS).read_bytes()
        yield Code(tree) if same else Code(tree, installed(tree, Path(folder, "venv")))


def archive_of(commit: str) -> bytes:
    """All files of a commit as a tar; the test fails if the repository does not have it."""
    git = ["git", "archive", "--format=tar", commit]
    done = subprocess.run(git, cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.fail(f"no commit {commit} here: fetch the history. {done.stderr.decode()}")
    return done.stdout


def installed(tree: Path, venv: Path) -> str:
    """An environment with what that tree requires; the path of its interpreter."""
    run([sys.executable, "-m", "venv", str(venv)], "Making an environment")
    python = str(venv / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--require-hashes"]
    run([*pip, "-r", str(tree / REQUIREMENTS)], "Installing what the release requires")
    return python
