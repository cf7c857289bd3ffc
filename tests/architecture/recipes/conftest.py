"""Copies of the tree, gone after the test.

Fixtures:
- `copy`      one in which nothing was written yet
- `followed`  one in which the recipe of the test's class was followed, for all tests of the class
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.recipes.following import Copy


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Copy]:
    yield Copy(tmp_path)
    shutil.rmtree(tmp_path)


@pytest.fixture(scope="class")
def followed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Copy]:
    """All is written, and the generated files are made."""
    copy = Copy(tmp_path_factory.mktemp("followed"))
    copy.write(request.cls.recipe.blocks)
    made = copy.type("make docs")
    assert made.returncode == 0, made.stderr
    yield copy
    shutil.rmtree(copy.root)
