"""The field's linters find nothing in what we write for the programs of others."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.k8s.manifests import ROOT

FOLDERS = ("deploy", "docs", "tests", "tools", "benchmarks")
IMAGE = ROOT / "deploy/image"
FAULTY = {
    "yamllint": "key: value\nkey: another\n",
    "shellcheck": "#!/bin/sh\nrm $1\n",
    "hadolint": "FROM debian:latest\n",
}
every_linter = pytest.mark.parametrize("linter", FAULTY)


def written(linter: str) -> list[Path]:
    """What it has to read."""
    patterns = {"yamllint": "*.yaml", "shellcheck": "*.sh", "hadolint": "Dockerfile*"}
    found = [path for each in FOLDERS for path in sorted((ROOT / each).rglob(patterns[linter]))]
    more = {"yamllint": ROOT / ".yamllint", "shellcheck": ROOT / ".ci/run"}
    return [*found, more[linter]] if linter in more else found


def findings(linter: str, *paths: Path) -> str:
    """What it says of these files; nothing, if they are as they should be."""
    program = Path(sys.executable).with_name(linter)
    strict = ["--strict"] if linter == "yamllint" else []
    argv = [str(program), *strict, *map(str, paths)]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False).stdout


@every_linter
def test_it_finds_nothing(linter: str) -> None:
    paths = written(linter)
    assert paths or (linter == "hadolint" and not IMAGE.exists())
    assert not paths or findings(linter, *paths) == ""


@every_linter
def test_it_finds_what_is_wrong(linter: str, tmp_path: Path) -> None:
    faulty = tmp_path / "Dockerfile"
    faulty.write_text(FAULTY[linter])
    assert findings(linter, faulty)
