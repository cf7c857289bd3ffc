"""Whoever follows a recipe: a copy of the tree to work in, and what must hold in it at the end."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

import pytest

from tests.architecture.pages import ROOT
from tests.architecture.recipes.recipe import Block, Recipe

NOT_COPIED = shutil.ignore_patterns(
    ".git", ".local", ".venv", ".hypothesis", ".pytest_cache", "*.pyc.*"
)
FOR_ALL = ("tests/contract", "tests/architecture")
RECIPES = Path(__file__).parent.relative_to(ROOT)
LEFT_OUT = (
    RECIPES,
    "tests/architecture/test_imports.py",
    "tests/architecture/test_service_stands_alone.py",
    "tests/architecture/test_service_starts_light.py",
    "tests/unit/intake/test_group_commit.py",
    "tests/unit/intake/test_reading_time.py",
)
"""Recipes within recipes have no end. Who imports whom is seen by `make check`, and needs no interpreter
for each service. How long something takes is no matter of a recipe, and not to be measured beside another run."""
OPTIONS = (
    *(f"--ignore={path}" for path in LEFT_OUT),
    *("-k", "not noticed"),
    "--hypothesis-profile=ci",
)
"""A test that something is noticed plants itself what it looks at. Examples are the same in every run: what
makes a difference here is what was written."""
STARTED_QUICKLY = (
    *("--noconftest", "--disable-plugin-autoload"),
    *("-p", "asyncio", "-p", "timeout"),
)
"""Whoever sees first what was left out needs no more, and all else takes longer to load than to run."""
TYPIST = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("PYTEST", "MAKE", "MFLAGS"))
}
"""The environment of somebody who types in a shell, and not of a test that `make` runs."""

Done = subprocess.CompletedProcess[str]


class Copy:
    """A copy of the tree; what is installed, and what mypy knew, is there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(ROOT, root, ignore=NOT_COPIED, dirs_exist_ok=True)
        (root / ".venv").symlink_to(sys.prefix)

    def write(self, blocks: Iterable[Block]) -> None:
        """Write these, in their order."""
        for block in blocks:
            file = self.root / block.path
            assert block.is_new != file.exists(), block.path
            file.parent.mkdir(exist_ok=True)
            text = block.text if block.is_new else block.applied_to(file.read_text("utf-8"))
            file.write_text(text, "utf-8")

    def type(self, command: str) -> Done:
        """Type a command of `make`; what is installed stays as it is."""
        make, *words = command.split()
        return self.run(make, "--old-file=.venv/.ready", *words)

    def test(self, *options: str) -> Done:
        """Run tests."""
        return self.python("-m", "pytest", "-q", *options)

    def python(self, *arguments: str) -> Done:
        """Run Python."""
        return self.run(sys.executable, *arguments)

    def run(self, *command: str) -> Done:
        """Run a program there."""
        return subprocess.run(
            command, cwd=self.root, env=TYPIST, check=False, capture_output=True, text=True
        )


@pytest.mark.timeout(600)
class Followed:
    """What holds for every recipe."""

    recipe: ClassVar[Recipe]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "left_out" in metafunc.fixturenames:
            blocks = self.recipe.blocks
            metafunc.parametrize("left_out", blocks, ids=[block.path for block in blocks])

    def test_it_ends_with_the_commands_that_show_that_it_is_done(self) -> None:
        assert self.recipe.commands == ["make docs", "make check", "make test"]

    def test_every_check_is_green_for_whoever_followed_it(self, followed: Copy) -> None:
        checked = followed.type("make check")
        assert checked.returncode == 0, checked.stdout + checked.stderr

    def test_every_test_that_sees_it_is_green_for_whoever_followed_it(self, followed: Copy) -> None:
        tested = followed.test(*self.recipe.tests, *FOR_ALL, *OPTIONS)
        assert tested.returncode == 0, tested.stdout

    def test_what_is_left_out_is_noticed(self, copy: Copy, left_out: Block) -> None:
        copy.write(block for block in self.recipe.blocks if block != left_out)
        assert self._noticed(copy)

    def test_nothing_is_noticed_where_nothing_is_left_out(self, followed: Copy) -> None:
        assert self._noticed(followed) == ""

    def _noticed(self, copy: Copy) -> str:
        linted = copy.python("-m", "ruff", "check", ".")
        done = linted if linted.returncode else copy.test(*STARTED_QUICKLY, *self.recipe.first)
        return f"{done.stdout}{done.stderr}" if done.returncode else ""
