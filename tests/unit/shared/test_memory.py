"""What a process is built of is not searched for garbage again and again."""

import gc
from collections.abc import Iterator

import pytest

from shared.runtime.memory import THRESHOLDS, freeze_gc


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_what_is_there_is_left_alone_and_what_comes_is_looked_at_less_often() -> None:
    freeze_gc()
    assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == THRESHOLDS


def test_a_circle_that_comes_later_is_still_found() -> None:
    freeze_gc()
    circle: list[object] = []
    circle.append(circle)
    del circle
    assert gc.collect() >= 1
