"""What Prometheus makes of the rules: each alert fires, and does not, on series that are written down."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.k8s.definitions import not_checked
from tests.k8s.rules import alerts, files
from tools.promtool import HOW, find

CASES = sorted((Path(__file__).parent / "promtool").glob("*.yaml"))


def promtool(folder: Path, *arguments: str) -> str:
    """What it says; raises if it finds a fault. Where there is none, that is said and nothing checked."""
    program = find() or not_checked(HOW)
    done = subprocess.run(
        [program, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One with the rules as Prometheus reads them, in a folder of their own."""
    (tmp_path / "rules").mkdir()
    for name, file in files().items():
        (tmp_path / f"rules/{name}.yaml").write_text(yaml.safe_dump(file))
    return tmp_path


def test_prometheus_can_read_the_rules(folder: Path) -> None:
    promtool(folder, "check", "rules", "--lint-fatal", *(f"rules/{name}.yaml" for name in files()))


@pytest.mark.parametrize("cases", CASES, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_only_then(folder: Path, cases: Path) -> None:
    (folder / cases.name).write_text(cases.read_text())
    promtool(folder, "test", "rules", cases.name)


def test_of_every_alert_there_is_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    fires, silent = set[tuple[str, str]](), set[tuple[str, str]]()
    known = {(rule["alert"], rule["labels"]["severity"]) for rule in alerts()}
    for asked in _asked():
        name = asked["alertname"]
        found = {(name, each["exp_labels"]["severity"]) for each in asked["exp_alerts"]}
        fires |= found
        silent |= {alert for alert in known if alert[0] == name} - found
    assert fires == silent == known


def _asked() -> list[dict[str, Any]]:
    files = [yaml.safe_load(path.read_text()) for path in CASES]
    return [asked for file in files for case in file["tests"] for asked in case["alert_rule_test"]]
