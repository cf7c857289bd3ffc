"""A recipe as it is read: what is to be written into which file, and what is typed then.

Right above each block stands the file that it is for. A block of `diff` changes that file: what begins with
`-` goes, what begins with `+` comes, all other lines say where; `@@` parts two places. Any other block is
the whole of a new file. The last block of `sh` shows that it is done.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.architecture.pages import ROOT

FOLDER = ROOT / "docs" / "recipes"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"`([^`\s]+)`:\s*\Z")
PART = re.compile(r"^@@\n", re.MULTILINE)


class Block(NamedTuple):
    """What is to be written, and into which file."""

    path: str
    text: str
    is_new: bool

    def applied_to(self, text: str) -> str:
        """The text of the file as it is then; each part of a change fits in one place, or it is refused."""
        lines = text.splitlines(keepends=True)
        for part in PART.split(self.text):
            before, after = _side(part, without="+"), _side(part, without="-")
            end = len(before)
            places = [at for at in range(len(lines)) if lines[at : at + end] == before]
            assert len(places) == 1, f"{self.path}: this stands there {len(places)} times:\n{part}"
            lines[places[0] : places[0] + end] = after
        return "".join(lines)


def _side(part: str, *, without: str) -> list[str]:
    """One side of a change; an empty line is one that stays."""
    lines = part.splitlines(keepends=True)
    return [line[1:] or line for line in lines if line[0] != without]


class Recipe:
    """A page. `tests` see what it changes; `first` are those of them that say so first."""

    def __init__(self, name: str, *, tests: Sequence[str] = (), first: Sequence[str] = ()) -> None:
        page = (FOLDER / name).read_text("utf-8")
        self.blocks = blocks(page)
        self.first = [*first, *(each.path for each in self.blocks if _holds_tests(each))]
        self.tests = [*self.first, *tests]
        *_, shown = [text for language, text in FENCE.findall(page) if language == "sh"]
        self.commands = shown.splitlines()


def blocks(page: str) -> list[Block]:
    """What the page says to write, in its order."""
    return [
        Block(_file_above(page[: fence.start()]), fence[2], is_new=fence[1] != "diff")
        for fence in FENCE.finditer(page)
        if fence[1] != "sh"
    ]


def new_files() -> set[str]:
    """What the recipes name and only those who followed them have."""
    pages: Iterable[str] = (page.read_text("utf-8") for page in FOLDER.glob("*.md"))
    return {block.path for page in pages for block in blocks(page) if block.is_new}


def _file_above(text: str) -> str:
    named = FILE.search(text)
    assert named, f"no file is named after:\n{text[-200:]}"
    return named[1]


def _holds_tests(block: Block) -> bool:
    return Path(block.path).name.startswith("test_")
