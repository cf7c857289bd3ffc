"""Folders for instances of the launcher's own tests."""

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local.instance import LOCAL, Instance

_numbers = itertools.count()


@contextmanager
def a_home() -> Iterator[Path]:
    """A folder for one instance, removed afterwards."""
    folder = LOCAL / f"test-{os.getpid()}-launcher-{next(_numbers)}"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder for one instance, inside the repository as the real ones are."""
    with a_home() as folder:
        yield folder


@pytest.fixture
def instance(home: Path) -> Iterator[Instance]:
    """An instance in that folder."""
    instance = Instance(home)
    yield instance
    instance.release()
