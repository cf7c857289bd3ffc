"""The page is current, and the recipe for a figure works as written."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import indent

import pytest

from services.analytics.domain.figures.registry import DEFINITIONS, MEASURES
from tools.definitions import main

ROOT = Path(__file__).parents[3]
DOMAIN = "services/analytics/domain"
CONSUMER = "services/analytics/entrypoints/consumer.py"
GOLDEN = "tests/unit/analytics/test_followed.py"
IMPORTS = """from shared.contracts.routing import HelpEvidence, HelpStep, HelpStepRecorded
from tests.unit.analytics.figures import contact, figure, taken


"""
COPIED = ("services/analytics", "shared", "docs", "tools", "tests/unit/analytics", "tests/support")


def test_the_page_of_definitions_is_current() -> None:
    assert main(["--check"]) == 0, "run python -m tools.generate"


def test_ids_and_measures_have_names_of_their_own() -> None:
    """Sums are kept under the id of a measure; a measure that no definition uses is kept in vain."""
    assert len({definition.id for definition in DEFINITIONS}) == len(DEFINITIONS)
    assert len({measure.id for measure in MEASURES}) == len(MEASURES)
    assert {definition.measure for definition in DEFINITIONS} == set(MEASURES)


class Copy:
    """A copy of the tree in which the recipe is followed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        for folder in COPIED:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / folder, root / folder, ignore=ignored)

    def insert(self, path: str, block: str, *, after: str = "", before: str = "") -> None:
        file = self._root / path
        text, anchor = file.read_text("utf-8"), after or before
        assert text.count(anchor) == 1, anchor
        put = anchor + block if after else block + anchor
        file.write_text(text.replace(anchor, put), "utf-8")

    def lines(self, path: str) -> list[str]:
        return (self._root / path).read_text("utf-8").splitlines(keepends=True)

    def write(self, path: str, text: str) -> None:
        (self._root / path).write_text(text, "utf-8")

    def append(self, path: str, text: str) -> None:
        self.write(path, f"{(self._root / path).read_text('utf-8')}\n\n{text}")

    def run(self, *module: str) -> int:
        command = [sys.executable, "-m", *module]
        return subprocess.run(command, cwd=self._root, check=False, timeout=60).returncode


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def test_the_recipe_adds_a_figure(copy: Copy) -> None:
    recipe = (ROOT / "docs/recipes/add-a-figure.md").read_text("utf-8")
    field, join, projection, row, measure, definition, golden = re.findall(
        r"```python\n(.*?)```", recipe, re.DOTALL
    )
    copy.insert(f"{DOMAIN}/facts.py", field, after="    refusals: frozenset[UUID] = frozenset()\n")
    copy.insert(f"{DOMAIN}/facts.py", join, after='    "refusals": union,\n')
    routing = f"{DOMAIN}/projections/routing.py"
    for path in (routing, CONSUMER):
        copy.insert(path, "    HelpStepRecorded,\n", before="    MessageRequested,\n")
    copy.append(routing, projection)
    refused = next(line for line in copy.lines(CONSUMER) if "on(ActionRefused," in line)
    copy.insert(CONSUMER, indent(f"{row.rstrip()},\n", "    "), after=refused)
    theme = f"{DOMAIN}/figures/authority.py"
    copy.insert(theme, f"{measure}\n\n", before="DEFINITIONS = (\n")
    entry = indent(f"{definition.rstrip()},\n", "    ")
    copy.insert(theme, entry, after="DEFINITIONS = (\n")
    copy.write(GOLDEN, IMPORTS + golden)
    page = "tools.definitions"
    assert copy.run(page, "--check") == 1
    assert copy.run(page) == 0
    assert copy.run(page, "--check") == 0
    rules = "tests/unit/analytics/test_order_does_not_matter.py"
    assert copy.run("pytest", "-q", "-k", "help or every_field", GOLDEN, rules) == 0
