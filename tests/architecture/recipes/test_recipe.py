"""How a recipe is read: what does not fit in exactly one place is refused."""

import pytest

from tests.architecture.recipes.recipe import Block, blocks

TEXT = "a\n\nb = 1\nc\n    b = 1\n"


def change(text: str) -> Block:
    return Block("planted.py", text, is_new=False)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (" a\n+new\n", "a\nnew\n\nb = 1\nc\n    b = 1\n"),
        ("-b = 1\n+b = 2\n c\n", "a\n\nb = 2\nc\n    b = 1\n"),
        (" a\n\n-b = 1\n", "a\n\nc\n    b = 1\n"),
        ("-a\n@@\n c\n+\n+d\n", "\nb = 1\nc\n\nd\n    b = 1\n"),
    ],
)
def test_lines_go_come_and_stay(text: str, result: str) -> None:
    assert change(text).applied_to(TEXT) == result


@pytest.mark.parametrize(
    "text", ["-gone\n", "+new\n", " a\n+new\n b = 1\n", " a\n+a\n@@\n a\n+b\n"]
)
def test_what_does_not_stand_there_exactly_once_is_noticed(text: str) -> None:
    with pytest.raises(AssertionError, match=r"planted\.py: this stands there"):
        change(text).applied_to(TEXT)


def test_a_block_is_for_the_file_right_above_it() -> None:
    page = "See `a.py`. In `b.py`:\n\n```diff\n x\n```\n\nIn\n`c.py`:\n\n```python\ny\n```\n"
    assert blocks(page) == [Block("b.py", " x\n", is_new=False), Block("c.py", "y\n", is_new=True)]


def test_a_block_for_no_file_is_noticed() -> None:
    with pytest.raises(AssertionError, match="no file is named"):
        blocks("In `b.py`, perhaps.\n\n```python\ny\n```\n")
