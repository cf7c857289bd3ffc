"""Checkov finds what deploy/k8s/checkov.yaml gives a reason for, and nothing else.

It has an environment of its own, which `make k8s-check` makes: it wants older packages than ours.
"""

import json
import re
import subprocess
from pathlib import Path

import yaml

from tests.k8s.definitions import not_checked
from tests.k8s.manifests import OVERLAYS, ROOT, Json, objects

CHECKOV = ROOT / ".local/checkov/bin/checkov"
ACCEPTED = ROOT / "deploy/k8s/checkov.yaml"
REASON = re.compile(r"  # .+\n(?:  - CKV_K8S_\d+\n)+")


def findings(folder: Path) -> set[str]:
    """The checks that fail for any manifest of the folder."""
    if not CHECKOV.exists():
        not_checked("there is no checkov: `make k8s-check` makes its environment")
    argv = [
        str(CHECKOV),
        "--framework",
        "kubernetes",
        "--skip-download",
        "--output",
        "json",
        "--directory",
        str(folder),
    ]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    found: Json = json.loads(done.stdout)
    assert found["summary"]["parsing_errors"] == 0
    assert found["summary"]["passed"] > 0
    return {each["check_id"] for each in found["results"]["failed_checks"]}


def test_it_finds_what_was_accepted_and_nothing_else(tmp_path: Path) -> None:
    for overlay in OVERLAYS:
        (tmp_path / f"{overlay}.yaml").write_text(yaml.safe_dump_all(objects(overlay)))
    assert findings(tmp_path) == set(yaml.safe_load(ACCEPTED.read_text())["skip-check"])


def test_whatever_was_accepted_has_its_reason() -> None:
    _, _, accepted = ACCEPTED.read_text().partition("skip-check:\n")
    assert REASON.sub("", accepted) == ""
