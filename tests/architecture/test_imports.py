"""The import contracts hold, and each of them notices when it is broken."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

BREAKS = {
    "a domain that queries": ("services/routing/domain/planted.py", "import asyncpg\n"),
    "a domain that reads the clock": ("services/intake/domain/planted.py", "import time\n"),
    "a use case that knows its entrypoint": (
        "services/routing/application/planted.py",
        "import services.routing.entrypoints.api\n",
    ),
    "a service that knows another": (
        "services/routing/application/planted.py",
        "import services.intake.domain\n",
    ),
    "a use case that knows a channel": (
        "services/intake/application/planted.py",
        "import services.intake.adapters.channels.email.outbound\n",
    ),
    "shared that knows a service": ("shared/kernel/planted.py", "import services.routing\n"),
    "a low floor that climbs": ("shared/contracts/planted.py", "import shared.messaging\n"),
    "a second file that speaks Kafka": ("shared/messaging/planted.py", "import aiokafka\n"),
    "a launcher that imports a service": ("deploy/local/planted.py", "import services.intake\n"),
    "a use case that publishes in passing": (
        "services/routing/application/planted.py",
        "import shared.messaging.outbox.append\n",
    ),
    "a stray layer": ("services/followup/planted.py", "PLANTED = True\n"),
}


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT_IMPORTS, "--no-cache"], cwd=tree, capture_output=True, text=True, check=False
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the sources, to break."""
    for folder in ("services", "shared", "deploy", "tools"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_tree_keeps_its_contracts(tree: Path) -> None:
    result = lint_imports(tree)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("path", "source"), BREAKS.values(), ids=list(BREAKS))
def test_a_broken_contract_is_noticed(tree: Path, path: str, source: str) -> None:
    (tree / path).write_text(source)
    result = lint_imports(tree)
    assert result.returncode == 1, result.stdout
    assert "BROKEN" in result.stdout
